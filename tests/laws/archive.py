"""An archive under observation: an engine over three offers, and everything that may not happen.

The offers speak through drivers that take a password, and everything that is said (errors, logs,
values, the ledger's file) is kept, to be searched for it.
"""

from __future__ import annotations

import logging
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coffre.contract import (
    ConnectionParameters,
    Digest,
    DigestAlgorithm,
    Evidence,
    ObjectRef,
    Parameter,
    Secret,
)
from coffre.engine import Engine, Limits, Strategy, StrategyOffer
from coffre.engine.ledger import CopyState, DebtKind, Ledger, ObjectRecord, ObjectState
from coffre.offer import NO_RETRY, Offer, RetryPolicy
from coffre.testing import ChaosDriver, FakeClock, MemoryDriver, MemoryOffer

NAMES = ("north", "south", "east")
PASSWORD = "Open-Sesame-1789"  # planted, to be looked for


def ref(identifier: str, container: str = "object") -> ObjectRef:
    return ObjectRef(tenant=0, container=container, identifier=identifier)


def sha512(data: bytes) -> Digest:
    return DigestAlgorithm.SHA512.of(data)


def strategy(name: str, required: int, verify: Evidence) -> Strategy:
    copies = tuple(StrategyOffer(offer=offer, rank=rank) for rank, offer in enumerate(NAMES))
    return Strategy(name=name, copies=copies, required=required, verify=verify)


STRATEGIES = {
    "default": strategy("default", 2, Evidence.PRESENT),
    "read-back": strategy("read-back", 2, Evidence.READ),
}


class GuardedDriver(MemoryDriver):
    """A memory driver whose connections take a password."""

    parameters: tuple[Parameter, ...] = (  # type: ignore[assignment]
        *MemoryDriver.parameters,
        Parameter(name="password", type=Secret, help="Proves who is asking."),
    )


class Archive:
    """One engine, its offers and its ledger, and all that was said so far."""

    def __init__(self, directory: Path, *, limits: Limits | None = None) -> None:
        self.path = directory / "ledger.db"
        self.clock = FakeClock()
        self.said: list[str] = []
        self._limits = limits
        self._urls = {name: f"memory://{name}-{uuid.uuid4().hex}" for name in NAMES}
        self.memory = {name: MemoryOffer.at(url) for name, url in self._urls.items()}
        self.chaos = {name: ChaosDriver(GuardedDriver(), clock=self.clock) for name in NAMES}
        # One offer tries again and confirms what was lost; the others let every failure show.
        policies = {"north": RetryPolicy(attempts=3)}
        self.offers = {
            name: Offer(
                name,
                self.chaos[name],
                ConnectionParameters.checked(
                    GuardedDriver.parameters, url=url, values={"password": PASSWORD}
                ),
                retry=policies.get(name, NO_RETRY),
                clock=self.clock,
                chance=lambda: 0.5,
            )
            for name, url in self._urls.items()
        }
        self.ledger = self.open_ledger()
        self.engine = self.engine_over(self.ledger)

    def open_ledger(self, path: Path | None = None) -> Ledger:
        return Ledger.open(str(path or self.path), author="observer", clock=self.clock)

    def engine_over(self, ledger: Ledger) -> Engine:
        return Engine(self.offers, STRATEGIES, ledger, limits=self._limits, clock=self.clock)

    def restart(self) -> None:
        """Close and open again: what is known is what was written."""
        self.ledger.close()
        self.ledger = self.open_ledger()
        self.engine = self.engine_over(self.ledger)

    def close(self) -> None:
        self.ledger.close()
        for url in self._urls.values():
            MemoryOffer.discard(url)

    # --- weather -------------------------------------------------------------------------

    def calm(self) -> None:
        """Every offer on line, and no fault to come."""
        for name in NAMES:
            self.memory[name].online = True
            self.chaos[name].calm()

    def online(self) -> list[str]:
        return [name for name in NAMES if self.memory[name].online]

    # --- what is at rest, and what is known ------------------------------------------------

    def at_rest(self) -> dict[tuple[str, ObjectRef], bytes]:
        """Every byte that every offer holds."""
        found = {}
        for name, memory in self.memory.items():
            for one in memory.refs():
                data = memory.bytes_of(one)
                if data is not None:
                    found[name, one] = data
        return found

    def set_aside(self) -> Counter[tuple[str, ObjectRef, bytes]]:
        """What is in quarantine, and how often."""
        return Counter(
            (name, kept.ref, kept.data)
            for name, memory in self.memory.items()
            for kept in memory.quarantined
        )

    def records(self) -> dict[ObjectRef, ObjectRecord]:
        return {record.ref: record for record in self.ledger.objects()}

    def verified(self) -> set[tuple[str, ObjectRef]]:
        """Copies that the ledger calls verified."""
        return {
            (copy.offer, record.ref)
            for record in self.records().values()
            for copy in record.copies
            if copy.state is CopyState.VERIFIED
        }

    def deletions_owed(self) -> set[tuple[str, ObjectRef]]:
        owed = [debt for debt in self.ledger.debts() if debt.kind is DebtKind.DELETION]
        tombstones = {one.id: one for one in self.ledger.find_ids([d.object_id for d in owed])}
        assert all(one.state is ObjectState.DELETED for one in tombstones.values())
        return {(debt.offer, tombstones[debt.object_id].ref) for debt in owed}

    def hear(self, value: object) -> None:
        """Keep what somebody was told, however it would be shown."""
        self.said.extend((repr(value), str(value)))
        to_json = getattr(value, "to_json", None)
        if callable(to_json):
            self.said.append(repr(to_json()))
        if isinstance(value, BaseException):
            self.said.append(repr(value.args))
            for inner in (value.__cause__, value.__context__):
                if inner is not None:
                    self.hear(inner)

    def leaks(self) -> list[str]:
        """Where the password shows."""
        for offer in self.offers.values():
            self.hear(offer)
            self.hear(offer.parameters)
            self.hear(offer.driver)
        self.hear(self.engine)
        self.hear(self.ledger)
        places = [text[:80] for text in self.said if PASSWORD in text]
        places += [
            file.name
            for file in self.path.parent.iterdir()
            if file.is_file() and PASSWORD.encode() in file.read_bytes()
        ]
        return places


class _Listening(logging.Handler):
    def __init__(self, archive: Archive) -> None:
        super().__init__(logging.DEBUG)
        self._archive = archive
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._archive.said.append(self.format(record))


@contextmanager
def archive_in(directory: Path | None = None, *, limits: Limits | None = None) -> Iterator[Archive]:
    """An archive in a directory, or in one that goes away; logs are listened to."""
    with tempfile.TemporaryDirectory(prefix="coffre-laws-") as own:
        archive = Archive(directory or Path(own), limits=limits)
        listener = _Listening(archive)
        logger = logging.getLogger("coffre")
        level = logger.level
        logger.addHandler(listener)
        logger.setLevel(logging.DEBUG)
        try:
            yield archive
        finally:
            logger.removeHandler(listener)
            logger.setLevel(level)
            archive.close()
