"""One large object: a put and a get, held against its SHA-512 alone.

The source is in the page cache in both arms. A put is durable when it returns: what it wrote is
on the device, so nothing is owed to a later write-back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.archives import MIB, archive, check_stored, ref, size_text, write_file
from benchmarks.claims import claim
from benchmarks.measuring import Arm, Figure, NotMeasuredError, Work, compare
from benchmarks.options import Case, Options
from benchmarks.references import sha512_of
from coffre.contract import Evidence
from coffre.engine import Engine, Receipt

OBJECT = ref(1)


def _put(options: Options, name: str, offers: int, verify: Evidence) -> Figure:
    with options.on_disk_for_now() as place:
        source = _source(place, options.size)
        ours = partial(_putting, source=source, offers=offers, verify=verify)
        return _compared(options, name, place, source, ours)


@contextmanager
def _putting(place: Path, *, source: Path, offers: int, verify: Evidence) -> Iterator[Work]:
    receipts: list[Receipt] = []
    with archive(place, offers=offers, verify=verify) as engine:
        yield lambda: receipts.append(engine.put(source, OBJECT))
    check_stored(receipts, objects=1, copies=offers, durable=True)
    if receipts[0].evidence < verify:
        raise NotMeasuredError(f"the copy was not verified as asked: {receipts[0].evidence}")


def _get(options: Options, name: str, read: Callable[[Engine, Path], object]) -> Figure:
    with options.on_disk_for_now() as place:
        source = _source(place, options.size)
        with archive(place, offers=1) as engine:
            engine.put(source, OBJECT)

            @contextmanager
            def ours(run: Path) -> Iterator[Work]:
                yield lambda: read(engine, run / "got")

            return _compared(options, name, place, source, ours)


def _fetch(engine: Engine, target: Path) -> None:
    engine.fetch(OBJECT, target)


def _read(engine: Engine, _: Path) -> None:
    with engine.get(OBJECT) as reader:
        while reader.read(MIB):
            pass


def _source(place: Path, size: int) -> Path:
    if shutil.disk_usage(place).free < 6 * size:
        raise NotMeasuredError(f"less than six times {size_text(size)} is free there")
    path = place / "source"
    write_file(path, size)
    return path


def _compared(options: Options, name: str, place: Path, source: Path, ours: Arm) -> Figure:
    @contextmanager
    def digesting(_: Path) -> Iterator[Work]:
        yield lambda: sha512_of(source)

    return compare(
        claim(name),
        digesting,
        ours,
        place=place,
        runs=options.runs,
        setting=f"{size_text(options.size)}, page cache warm",
        keep=False,
    )


CASES: dict[str, Case] = {
    "large-put-1": partial(_put, name="large-put-1", offers=1, verify=Evidence.PRESENT),
    "large-put-2": partial(_put, name="large-put-2", offers=2, verify=Evidence.PRESENT),
    "large-put-3": partial(_put, name="large-put-3", offers=3, verify=Evidence.PRESENT),
    "large-put-read": partial(_put, name="large-put-read", offers=1, verify=Evidence.READ),
    "large-fetch": partial(_get, name="large-fetch", read=_fetch),
    "large-get": partial(_get, name="large-get", read=_read),
}
