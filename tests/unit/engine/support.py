"""A house to test the engine in: three offers in memory that can be made to fail, a real ledger."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coffre.contract import ConnectionParameters, Digest, DigestAlgorithm, Evidence, ObjectRef
from coffre.engine import Engine, Finding, Limits, Strategy, StrategyOffer
from coffre.engine.ledger import CopyState, Ledger, ObjectRecord
from coffre.offer import NO_RETRY, Offer, RetryPolicy
from coffre.testing import ChaosDriver, FakeClock, MemoryDriver, MemoryOffer

NAMES = ("north", "south", "east")
MIB = 1024 * 1024
CHARTER = b"We, the people of the valley"
LARGE = bytes(range(256)) * (3 * MIB // 256)
"""Too large to be read whole: it goes through the ring, with a thread for each offer."""


def strategy(
    name: str, *offers: str, required: int, verify: Evidence = Evidence.PRESENT
) -> Strategy:
    copies = tuple(StrategyOffer(offer=offer, rank=rank) for rank, offer in enumerate(offers))
    return Strategy(name=name, copies=copies, required=required, verify=verify)


STRATEGIES = {
    one.name: one
    for one in (
        strategy("default", "north", "south", required=2),
        strategy("lenient", "north", "south", required=1),
        strategy("three", "north", "south", "east", required=2),
        strategy("alone", "north", required=1),
        strategy("read-back", "north", "south", required=2, verify=Evidence.READ),
    )
}


def ref(identifier: str = "charter", container: str = "object", tenant: int = 0) -> ObjectRef:
    return ObjectRef(tenant=tenant, container=container, identifier=identifier)


def sha512(data: bytes) -> Digest:
    return DigestAlgorithm.SHA512.of(data)


@dataclass(frozen=True, slots=True)
class House:
    """Everything a test looks at."""

    engine: Engine
    ledger: Ledger
    offers: dict[str, Offer]
    chaos: Mapping[str, ChaosDriver]
    memory: Mapping[str, MemoryOffer]
    clock: FakeClock

    def down(self, *names: str) -> None:
        """Take offers off line."""
        for name in names:
            self.memory[name].online = False

    def up(self, *names: str) -> None:
        """Bring them back, all when none is named."""
        for name in names or self.memory:
            self.memory[name].online = True

    def held(self, wanted: ObjectRef) -> dict[str, bytes]:
        """The bytes under a reference, on each offer that holds something there."""
        found = {name: offer.bytes_of(wanted) for name, offer in self.memory.items()}
        return {name: data for name, data in found.items() if data is not None}

    def record(self, wanted: ObjectRef) -> ObjectRecord:
        record = self.ledger.find(wanted)
        assert record is not None
        return record

    def states(self, wanted: ObjectRef) -> dict[str, CopyState]:
        """What the ledger knows of each copy."""
        return {copy.offer: copy.state for copy in self.record(wanted).copies}

    def debts(self) -> dict[tuple[str, str], str]:
        """What is owed: identifier and offer, and the code."""
        named = {record.id: record for record in self._all()}
        return {
            (named[debt.object_id].ref.identifier, debt.offer): debt.code
            for debt in self.ledger.debts()
        }

    def _all(self) -> list[ObjectRecord]:
        return self.ledger.find_ids(sorted({debt.object_id for debt in self.ledger.debts()}))

    def read(self, wanted: ObjectRef) -> bytes:
        with self.engine.get(wanted) as reader:
            return reader.read()

    def findings(self, **scope: str) -> list[tuple[str, str, str]]:
        """What an audit finds: code, identifier, offer."""
        return told(self.engine.audit(container=scope.get("container")))

    def sound(self) -> bool:
        """Whether the ledger's own verification finds nothing."""
        return not list(self.engine.audit_ledger())


def told(findings: Iterator[Finding]) -> list[tuple[str, str, str]]:
    return sorted(
        (one.code.value, "" if one.ref is None else one.ref.identifier, one.offer or "")
        for one in findings
    )


@contextmanager
def house_in(
    directory: Path, *, limits: Limits | None = None, retry: RetryPolicy = NO_RETRY
) -> Iterator[House]:
    """A house with an empty ledger in a directory, and empty offers."""
    clock = FakeClock()
    urls = {name: f"memory://{name}-{uuid.uuid4().hex}" for name in NAMES}
    chaos = {name: ChaosDriver(MemoryDriver(), clock=clock) for name in NAMES}
    offers = {
        name: Offer(
            name,
            chaos[name],
            ConnectionParameters(url=urls[name]),
            retry=retry,
            clock=clock,
            chance=lambda: 0.5,
        )
        for name in NAMES
    }
    with Ledger.open(str(directory / "ledger.db"), author="tester", clock=clock) as ledger:
        yield House(
            engine=Engine(offers, STRATEGIES, ledger, limits=limits, author="tester", clock=clock),
            ledger=ledger,
            offers=offers,
            chaos=chaos,
            memory={name: MemoryOffer.at(url) for name, url in urls.items()},
            clock=clock,
        )
    for url in urls.values():
        MemoryOffer.discard(url)
