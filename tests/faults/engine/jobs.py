"""What is killed: jobs on two directories and a ledger, each telling what it was acknowledged.

Run in a process of its own, opened anew each time, as after a crash.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from coffre.contract import ConnectionParameters, ObjectRef
from coffre.drivers.filesystem import FilesystemDriver
from coffre.engine import (
    DeletionOrder,
    Engine,
    Limits,
    PutItem,
    Receipt,
    RepairAction,
    Strategy,
    StrategyOffer,
    auditing,
)
from coffre.engine.ledger import Ledger
from coffre.offer import NO_RETRY, Offer

NAMES = ("north", "south")
LARGE = 3 * 1024 * 1024
STRATEGY = Strategy(
    name="default",
    copies=tuple(StrategyOffer(offer=name, rank=rank) for rank, name in enumerate(NAMES)),
    required=2,
)
SMALL_PAGE = 16
"""Objects whose audit is recorded together: few, so that many kills fall between two pages."""
LIMITS = Limits(brake_floor=1_000_000, brake_count=1_000_000)


def ref(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)


def content(identifier: str) -> bytes:
    """The bytes of an object, told by its name alone: every process knows them."""
    chance = random.Random(identifier)
    size = LARGE if "large" in identifier else chance.choice((0, 1, 700, 16_384, 100_000))
    return chance.randbytes(size)


def alone(round_: int) -> list[str]:
    """Objects of a round that are stored one by one."""
    return [f"r{round_:04}-{kind}" for kind in ("single-0", "large-single", "single-1")]


def together(round_: int) -> list[str]:
    """Objects of a round that are stored as one job; a large one is among them."""
    names = [f"r{round_:04}-bulk-{number:02}" for number in range(20)]
    return [*names[:10], f"r{round_:04}-large-bulk", *names[10:]]


def offer(name: str, directory: Path) -> Offer:
    driver = FilesystemDriver()
    parameters = ConnectionParameters.checked(
        driver.parameters, url=f"file://{directory / name}", values={"create": True}
    )
    return Offer(name, driver, parameters, retry=NO_RETRY)


@contextmanager
def opened(directory: Path) -> Iterator[tuple[Engine, Ledger]]:
    """An engine over what is in a directory."""
    offers = {name: offer(name, directory) for name in NAMES}
    with Ledger.open(str(directory / "ledger.db"), author="worker") as ledger:
        yield Engine(offers, {"default": STRATEGY}, ledger, limits=LIMITS), ledger


def put(engine: Engine, round_: int, acknowledge: Callable[[str], object]) -> None:
    """Store the objects of a round; the order changes from round to round."""
    if round_ % 2:
        _put_together(engine, round_, acknowledge)
    for name in alone(round_):
        engine.put(content(name), ref(name), metadata={"name": f"Pièce {name}"})
        acknowledge(name)
    if not round_ % 2:
        _put_together(engine, round_, acknowledge)


def _put_together(engine: Engine, round_: int, acknowledge: Callable[[str], object]) -> None:
    items = (PutItem(ref=ref(name), source=content(name), name=name) for name in together(round_))
    for answer in engine.put_many(items):
        if isinstance(answer, Receipt):
            acknowledge(answer.name)


def repair(engine: Engine, round_: int, acknowledge: Callable[[str], object]) -> None:
    """Pay whatever is owed."""
    for outcome in engine.repair():
        if outcome.action is not RepairAction.FAILED:
            acknowledge(outcome.ref.identifier)


def delete(engine: Engine, round_: int, acknowledge: Callable[[str], object]) -> None:
    """Delete the objects of a round that are still there."""
    for status in list(engine.list(0, "object", prefix=f"r{round_:04}-")):
        order = DeletionOrder(ref=status.ref, author="archivist", reason=f"round {round_}")
        engine.delete(order)
        acknowledge(status.ref.identifier)


def audit(engine: Engine, round_: int, acknowledge: Callable[[str], object]) -> None:
    """Read every copy again, going on where the last audit was killed."""
    for finding in engine.audit(threads=2):
        acknowledge(str(finding.ref))


JOBS = {"put": put, "repair": repair, "delete": delete, "audit": audit}


def work(kind: str, directory: str, round_: int, acknowledged: Connection) -> None:
    """Do one job in a process that may be killed at any moment."""

    def acknowledge(name: str) -> None:
        acknowledged.send_bytes(name.encode())

    auditing.PAGE = SMALL_PAGE
    with opened(Path(directory)) as (engine, _):
        acknowledged.send_bytes(b"")  # open: from here on, the job is at work
        JOBS[kind](engine, round_, acknowledge)
    acknowledged.close()
