"""Law 1, inside the database: not even raw SQL changes what was fixed at deposit."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from coffre.engine.ledger import DeletionOrder, Ledger, LedgerDamagedError
from tests.unit.engine.ledger.support import codes, deposit, fill, ref, stranger


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE objects SET digest = zeroblob(64)",
        "UPDATE objects SET size = 0",
        "UPDATE objects SET algorithm = 'md5'",
        "UPDATE objects SET identifier = 'z'",
        "UPDATE objects SET container = 'z'",
        "UPDATE objects SET tenant = 9",
        "UPDATE objects SET metadata = '{}'",
        "UPDATE objects SET deposited_at = ''",
        "UPDATE objects SET id = id + 1000",
        "DELETE FROM objects",
        "UPDATE events SET body = '{}'",
        "UPDATE events SET seq = seq + 1000",
        "DELETE FROM events",
        "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)",
    ],
)
def test_raw_sql_is_refused(embedded: Ledger, path: Path, statement: str) -> None:
    fill(embedded, 3)

    with stranger(path) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)

    assert codes(embedded) == []


def test_a_tombstone_does_not_come_back(embedded: Ledger, path: Path) -> None:
    embedded.record_deposits([deposit("a")])
    embedded.order_deletion(ref("a"), DeletionOrder(id="1", author="me", reason="law"))

    with stranger(path) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE objects SET state = 'stored'")


@pytest.mark.parametrize("table", ["objects", "events"])
def test_nothing_is_put_over_a_row_on_our_own_connections(embedded: Ledger, table: str) -> None:
    fill(embedded, 1)
    database = embedded._database
    with (
        pytest.raises(LedgerDamagedError),
        database.administering() as connection,
    ):
        connection.exec_driver_sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")

    assert codes(embedded) == []
