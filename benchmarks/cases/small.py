"""Many small objects: in memory, where only the processor counts, and durable on the disk."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.archives import (
    SMALL,
    archive,
    check_stored,
    items,
    objects_of,
    size_text,
    write_configuration,
)
from benchmarks.claims import claim
from benchmarks.measuring import Figure, NotMeasuredError, Work, compare
from benchmarks.options import Case, Options
from benchmarks.references import store_durably, store_plainly
from coffre.engine import Receipt, Refusal
from coffre.engine.ledger import ObjectState

COFFRE = Path(sysconfig.get_path("scripts")) / "coffre"
IN_USE = 1000
"""Objects there already when objects are stored one by one: a container has made its folders
by then, which it does once. A bulk job starts on an empty offer, and makes them."""


# --- in memory: nothing waits for a device -----------------------------------------------


def _in_memory(options: Options, name: str, offers: int) -> Figure:
    data = objects_of(options.objects)
    with options.in_memory() as place:
        return compare(
            claim(name),
            partial(_storing_plainly, data=data, folders=offers),
            partial(_putting_in_bulk, data=data, offers=offers, flush=False),
            place=place,
            runs=options.runs,
            objects=len(data),
            setting=f"{_amount(data)}, tmpfs, not flushed",
            keep=False,
        )


@contextmanager
def _storing_plainly(place: Path, *, data: Sequence[bytes], folders: int) -> Iterator[Work]:
    targets = [place / str(number) for number in range(folders)]
    for target in targets:
        target.mkdir()
    yield lambda: store_plainly(data, targets)


@contextmanager
def _putting_in_bulk(
    place: Path, *, data: Sequence[bytes], offers: int, flush: bool
) -> Iterator[Work]:
    answers: list[Receipt | Refusal] = []
    with archive(place, offers=offers, flush=flush) as engine:
        yield lambda: answers.extend(engine.put_many(items(data)))
    check_stored(answers, objects=len(data), copies=offers, durable=flush)


# --- durable, against a bare loop that flushes each object -----------------------------------


@contextmanager
def _storing_durably(place: Path, *, data: Sequence[bytes]) -> Iterator[Work]:
    yield lambda: store_durably(data, place)


def _one_by_one(options: Options) -> Figure:
    data = objects_of(max(options.objects // 5, 1))
    return compare(
        claim("small-durable"),
        partial(_storing_durably, data=data),
        partial(_putting_one_by_one, data=data),
        place=options.on_disk(),
        runs=options.runs,
        objects=len(data),
        setting=f"{_amount(data)}, flushed one by one, to an offer of {IN_USE}",
    )


@contextmanager
def _putting_one_by_one(place: Path, *, data: Sequence[bytes]) -> Iterator[Work]:
    answers: list[Receipt] = []
    with archive(place, offers=1) as engine:
        before = items(objects_of(IN_USE, 1), first=len(data))
        check_stored(engine.put_many(before), objects=IN_USE, copies=1, durable=True)
        yield lambda: answers.extend(engine.put(item.source, item.ref) for item in items(data))
    check_stored(answers, objects=len(data), copies=1, durable=True)


def _bulk(options: Options) -> Figure:
    data = objects_of(options.objects)
    return compare(
        claim("small-durable-bulk"),
        partial(_storing_durably, data=data),
        partial(_putting_in_bulk, data=data, offers=1, flush=True),
        place=options.on_disk(),
        runs=options.runs,
        objects=len(data),
        setting=f"{_amount(data)}, flushed in batches, to an empty offer",
    )


def _files(options: Options) -> Figure:
    data = objects_of(options.objects)
    place = options.on_disk()
    source = place / "source"
    source.mkdir()
    for number, each in enumerate(data):
        (source / f"{number:07d}.bin").write_bytes(each)
    return compare(
        claim("small-durable-files"),
        partial(_storing_durably, data=data),
        partial(_running_put, source=source, objects=len(data)),
        place=place,
        runs=options.runs,
        objects=len(data),
        setting=f"{_amount(data)} in files, page cache warm, flushed in batches",
    )


@contextmanager
def _running_put(place: Path, *, source: Path, objects: int) -> Iterator[Work]:
    if not COFFRE.exists():
        raise NotMeasuredError(f"there is no command {COFFRE.name} beside this interpreter")
    command = [str(COFFRE), "--config", str(write_configuration(place)), "put", "-r", str(source)]
    ended: list[subprocess.CompletedProcess[str]] = []

    def work() -> None:
        ended.append(subprocess.run(command, capture_output=True, text=True, check=False))

    yield work
    if ended[0].returncode != 0:
        raise NotMeasuredError(f"`coffre put` ended with {ended[0].returncode}: {ended[0].stderr}")
    with archive(place, offers=1) as engine:
        stored = engine.counts().objects[ObjectState.STORED]
    if stored != objects:
        raise NotMeasuredError(f"`coffre put` stored {stored} objects of {objects}")


def _amount(data: Sequence[bytes]) -> str:
    return f"{len(data)} of {size_text(SMALL)}"


CASES: dict[str, Case] = {
    "small-bulk-1": partial(_in_memory, name="small-bulk-1", offers=1),
    "small-bulk-2": partial(_in_memory, name="small-bulk-2", offers=2),
    "small-durable": _one_by_one,
    "small-durable-bulk": _bulk,
    "small-durable-files": _files,
}
