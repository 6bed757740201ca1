"""What the tests of the ledger build and look at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from coffre.contract import Digest, DigestAlgorithm, Evidence, ObjectRef
from coffre.engine.ledger import Deposit, Ledger

NORTH = ("north", Evidence.PRESENT)
SOUTH = ("south", Evidence.READ)


def ref(identifier: str, container: str = "object", tenant: int = 0) -> ObjectRef:
    return ObjectRef(tenant=tenant, container=container, identifier=identifier)


def digest(content: bytes) -> Digest:
    return DigestAlgorithm.SHA512.of(content)


def deposit(
    identifier: str | ObjectRef,
    content: bytes = b"charter",
    *,
    copies: Sequence[tuple[str, Evidence]] = (NORTH,),
    debts: Sequence[tuple[str, str, str]] = (),
    metadata: Mapping[str, str] | None = None,
) -> Deposit:
    return Deposit(
        ref=ref(identifier) if isinstance(identifier, str) else identifier,
        size=len(content),
        digest=digest(content),
        metadata=metadata or {},
        copies=copies,
        debts=debts,
    )


def fill(ledger: Ledger, count: int, *, batch: int = 100) -> None:
    """Deposit ``count`` objects named ``000000``, ``000001`` ..."""
    names = [f"{number:06}" for number in range(count)]
    for start in range(0, count, batch):
        ledger.record_deposits([deposit(n, n.encode()) for n in names[start : start + batch]])


def stored_id(ledger: Ledger, identifier: str) -> int:
    record = ledger.find(ref(identifier))
    assert record is not None
    return record.id


def codes(ledger: Ledger) -> list[str]:
    """What verifying the ledger finds, by code."""
    return [finding.code for finding in ledger.verify()]


def kinds(ledger: Ledger) -> list[str]:
    return [event.kind for event in ledger.events()]


@contextmanager
def stranger(path: Path, *, unguarded: bool = False) -> Iterator[sqlite3.Connection]:
    """The file, opened by a tool that knows nothing of coffre, its triggers dropped on demand."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if unguarded:
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in connection.execute(query).fetchall():
                connection.execute(f"DROP TRIGGER {name}")
        yield connection
