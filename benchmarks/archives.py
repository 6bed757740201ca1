"""Archives to measure on: an engine over filesystem offers, and objects to store in it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import NotMeasuredError
from coffre.contract import ConnectionParameters, Evidence, ObjectRef
from coffre.drivers.filesystem import FilesystemDriver
from coffre.engine import Engine, PutItem, Receipt, Refusal, Strategy, StrategyOffer
from coffre.engine.context import Limits
from coffre.engine.ledger import Ledger
from coffre.offer import Offer

KIB = 1024
MIB = 1024**2
GIB = 1024**3
SMALL = 16 * KIB
"""Bytes of what is called a small object here."""


@contextmanager
def archive(
    place: Path, *, offers: int, flush: bool = True, verify: Evidence = Evidence.PRESENT
) -> Iterator[Engine]:
    """An engine whose strategy wants a copy on each offer; made in ``place``, or opened again."""
    names = [f"offer-{number}" for number in range(1, offers + 1)]
    opened = {name: _offer(name, place / name, flush=flush) for name in names}
    strategy = Strategy(
        name="default",
        copies=tuple(StrategyOffer(offer=name, rank=rank) for rank, name in enumerate(names)),
        required=offers,
        verify=verify,
    )
    with Ledger.open(str(place / "ledger.db"), author="benchmark") as ledger:
        limits = Limits(spool_directory=str(place))
        yield Engine(opened, {"default": strategy}, ledger, limits=limits)


def _offer(name: str, root: Path, *, flush: bool) -> Offer:
    driver = FilesystemDriver()
    parameters = ConnectionParameters.checked(
        driver.parameters, url=root.as_uri(), values={"flush": flush}
    )
    driver.prepare(parameters)
    return Offer(name, driver, parameters)


CONFIGURATION = """\
[ledger]
url = "sqlite:///ledger.db"

[offers.offer-1]
driver = "filesystem"
url = "file:offer-1"

[strategies.default]
offers = [{ offer = "offer-1", rank = 1 }]
required = 1
"""


def write_configuration(place: Path) -> Path:
    """The same archive with one offer, for the command line; the path of its ``coffre.toml``."""
    _offer("offer-1", place / "offer-1", flush=True)
    path = place / "coffre.toml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    return path


def ref(number: int) -> ObjectRef:
    """A reference for the object of that number."""
    return ObjectRef(tenant=0, container="object", identifier=f"object-{number:07d}")


def objects_of(count: int, size: int = SMALL) -> list[bytes]:
    """Objects that differ from each other, and do not compress."""
    block = random.Random(1328).randbytes(size)
    return [number.to_bytes(8, "big")[-size:] + block[8:] for number in range(count)]


def items(objects: Iterable[bytes], *, first: int = 0) -> Iterator[PutItem]:
    """The same, as a bulk job takes them; numbered from ``first``."""
    return (PutItem(ref=ref(number), source=data) for number, data in enumerate(objects, first))


def write_file(path: Path, size: int) -> None:
    """Make a file that does not compress, without holding it in memory."""
    block = bytearray(random.Random(size).randbytes(MIB))
    with path.open("wb") as file:
        for offset in range(0, size, MIB):
            block[:8] = offset.to_bytes(8, "big")
            file.write(block[: size - offset])


def check_stored(
    answers: Iterable[Receipt | Refusal], *, objects: int, copies: int, durable: bool
) -> None:
    """A figure counts only when the work was done, all of it.

    Raises:
        NotMeasuredError: an object was refused or forgotten, or a copy is missing or not durable.
    """
    done = 0
    for answer in answers:
        if isinstance(answer, Refusal):
            raise NotMeasuredError(f"an object was refused: {answer.error}")
        if answer.verified != copies or (durable and not all(c.durable for c in answer.copies)):
            raise NotMeasuredError(f"{answer.ref} is not stored as it should be: {answer.copies}")
        done += 1
    if done != objects:
        raise NotMeasuredError(f"{done} objects were stored, {objects} were given")


def size_text(size: int) -> str:
    """``1 GiB``, ``64 MiB``, ``16 KiB``."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"
