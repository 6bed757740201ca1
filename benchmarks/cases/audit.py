"""An audit, held against hashlib on the same files with as many threads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.archives import MIB, SMALL, archive, check_stored, items, objects_of, size_text
from benchmarks.claims import claim
from benchmarks.measuring import Figure, NotMeasuredError, Work, compare
from benchmarks.options import Case, Options
from benchmarks.references import sha512_of_all
from coffre.engine import Engine

LARGE = 64 * MIB


CHUNK = 256 * MIB
"""Bytes of objects held in memory while the archive is filled."""


def _audit(options: Options, name: str, size: int, objects: int) -> Figure:
    threads = len(os.sched_getaffinity(0))
    place = options.on_disk()
    with archive(place, offers=1) as engine:
        _fill(engine, size, objects)
        return compare(
            claim(name),
            partial(_digesting, files=_files(place / "offer-1"), threads=threads),
            partial(_auditing, engine=engine, objects=objects, threads=threads),
            place=place,
            runs=options.runs,
            objects=objects,
            setting=f"{objects} of {size_text(size)}, {threads} threads, page cache warm",
        )


def _large(options: Options) -> Figure:
    size = min(LARGE, options.size)
    return _audit(options, "audit-large", size, max(options.size // size, 4))


def _small(options: Options) -> Figure:
    return _audit(options, "audit-small", SMALL, options.objects)


def _fill(engine: Engine, size: int, objects: int) -> None:
    wave = max(CHUNK // size, 1)
    for first in range(0, objects, wave):
        data = objects_of(min(wave, objects - first), size)
        answers = engine.put_many(items(data, first=first))
        check_stored(answers, objects=len(data), copies=1, durable=True)


def _files(root: Path) -> list[str]:
    """Every object of an offer, in the order of their names."""
    return sorted(str(path) for path in (root / "0" / "object").rglob("object-*"))


@contextmanager
def _digesting(_: Path, *, files: Sequence[str], threads: int) -> Iterator[Work]:
    yield lambda: sha512_of_all(files, threads)


@contextmanager
def _auditing(_: Path, *, engine: Engine, objects: int, threads: int) -> Iterator[Work]:
    audit = engine.audit(resume=False, threads=threads)
    findings: list[object] = []
    yield lambda: findings.extend(audit)
    if findings or audit.summary.verified != objects or not audit.summary.complete:
        raise NotMeasuredError(f"the audit did not find all well: {audit.summary}")


CASES: dict[str, Case] = {"audit-large": _large, "audit-small": _small}
