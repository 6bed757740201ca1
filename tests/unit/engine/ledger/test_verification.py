from __future__ import annotations

from pathlib import Path

import pytest

from coffre.engine.ledger import DeletionOrder, Ledger
from tests.unit.engine.ledger.support import codes, deposit, fill, ref, stored_id, stranger

ORDER = DeletionOrder(id="order-1", author="archivist", reason="out of time")


@pytest.fixture
def filled(embedded: Ledger) -> Ledger:
    fill(embedded, 5)
    return embedded


def test_a_sound_ledger_has_no_finding(ledger: Ledger) -> None:
    fill(ledger, 2300, batch=500)  # more than two pages
    ledger.record_deposits([deposit("000001", b"other")], replacing=True)
    ledger.order_deletion(ref("000002"), ORDER)

    assert codes(ledger) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE events SET body = '{}' WHERE seq = 3", "event-changed"),
        ("UPDATE events SET at = '1999' WHERE seq = 3", "event-changed"),
        ("UPDATE events SET author = 'nobody' WHERE seq = 6", "event-changed"),
        ("UPDATE events SET object_id = 4 WHERE seq = 3", "event-changed"),
        ("UPDATE events SET body = 'é' WHERE seq = 3", "event-changed"),
        ("UPDATE events SET previous = zeroblob(64) WHERE seq = 4", "chain-broken"),
        ("DELETE FROM events WHERE seq = 3", "events-missing"),
        ("DELETE FROM events WHERE seq = 1", "events-missing"),
        ("DELETE FROM events WHERE seq > 4", "events-missing"),
        ("DELETE FROM events", "events-missing"),
        ("DELETE FROM head", "head-missing"),
        ("UPDATE head SET seq = 4", "head-changed"),
        ("UPDATE head SET digest = zeroblob(64)", "head-changed"),
        ("UPDATE objects SET size = size + 1 WHERE id = 3", "object-changed"),
        ("UPDATE objects SET digest = zeroblob(64) WHERE id = 3", "object-changed"),
        ("UPDATE objects SET algorithm = 'blake2b' WHERE id = 3", "object-changed"),
        ("UPDATE objects SET identifier = 'z' WHERE id = 3", "object-changed"),
        ("UPDATE objects SET metadata = 'x' WHERE id = 3", "object-changed"),
        ("UPDATE objects SET strategy = 'none' WHERE id = 3", "object-changed"),
        ("UPDATE objects SET state = 'deleted' WHERE id = 3", "object-state"),
        ("UPDATE objects SET state = 'replaced' WHERE id = 3", "object-state"),
        ("DELETE FROM objects WHERE id = 3", "object-missing"),
        ("UPDATE objects SET id = 1 WHERE id = 3", "object-without-event"),
        ("UPDATE objects SET id = 99 WHERE id = 3", "object-without-event"),
    ],
)
def test_what_a_stranger_changed_is_found(
    filled: Ledger, path: Path, statement: str, finding: str
) -> None:
    with stranger(path, unguarded=True) as connection:
        connection.execute(statement)

    assert finding in codes(filled)


def test_a_deposit_put_over_another_by_a_stranger_is_found(filled: Ledger, path: Path) -> None:
    """The triggers on DELETE do not see INSERT OR REPLACE on a connection that is not ours."""
    with stranger(path) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO objects SELECT id, tenant, container, identifier, size,"
            " algorithm, zeroblob(64), metadata, strategy, deposited_at, state"
            " FROM objects WHERE id = 3"
        )

    assert codes(filled) == ["object-changed"]


def test_a_deletion_undone_by_a_stranger_is_found(filled: Ledger, path: Path) -> None:
    filled.order_deletion(ref("000002"), ORDER)
    with stranger(path, unguarded=True) as connection:
        connection.execute("UPDATE objects SET state = 'stored' WHERE state = 'deleted'")

    assert codes(filled) == ["object-state"]


def test_a_replacement_undone_by_a_stranger_is_found(filled: Ledger, path: Path) -> None:
    number = stored_id(filled, "000002")
    filled.record_deposits([deposit("000002", b"new")], replacing=True)
    with stranger(path, unguarded=True) as connection:
        connection.execute("UPDATE objects SET state = 'deleted' WHERE id = ?", (number,))

    assert codes(filled) == ["object-state", "object-state"]


def test_verifying_covers_what_was_there_when_it_began(filled: Ledger) -> None:
    findings = filled.verify()
    filled.record_deposits([deposit("later")])

    assert list(findings) == []


def test_every_finding_says_what_is_wrong(filled: Ledger, path: Path) -> None:
    with stranger(path, unguarded=True) as connection:
        connection.execute("DELETE FROM events WHERE seq IN (3, 4)")

    details = [f.detail for f in filled.verify() if f.code == "events-missing"]

    assert details == ["events 3 to 4 are not in the log"]
