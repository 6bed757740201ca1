"""On PostgreSQL, most tests of this folder run a second time; see ``conftest.py``."""

from __future__ import annotations

import pytest

from coffre.engine.ledger import Ledger, LedgerDamagedError, LedgerError, LedgerLockedError
from tests.unit.engine.ledger.conftest import POSTGRESQL
from tests.unit.engine.ledger.support import codes, deposit, fill

pytestmark = pytest.mark.skipif(
    not POSTGRESQL, reason="COFFRE_TEST_POSTGRESQL does not name a database to test with"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE objects SET digest = ''",
        "UPDATE objects SET size = size + 1",
        "DELETE FROM objects",
        "TRUNCATE objects CASCADE",
        "UPDATE events SET body = '{}'",
        "DELETE FROM events",
        "TRUNCATE events",
    ],
)
def test_raw_sql_is_refused(ledger: Ledger, statement: str) -> None:
    if "sqlite" in repr(ledger._database).lower() or ledger.place.endswith(".db"):
        pytest.skip("this is about PostgreSQL")
    fill(ledger, 3)

    with (
        pytest.raises(LedgerDamagedError),
        ledger._database.administering() as connection,
    ):
        connection.exec_driver_sql(statement)

    assert codes(ledger) == []


def test_a_ledger_kept_by_another_session_is_told(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("this is about PostgreSQL")
    with (
        Ledger.open(url, author="one") as one,
        Ledger.open(url, author="two", busy_timeout_s=0.1) as two,
        one._database.administering() as connection,
    ):
        connection.exec_driver_sql("SELECT seq FROM head FOR UPDATE")
        with pytest.raises(LedgerLockedError):
            two.record_deposits([deposit("a")])


def test_a_missing_database_is_told(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("this is about PostgreSQL")
    nowhere = POSTGRESQL.rpartition("/")[0] + "/no_such_database"
    with pytest.raises(LedgerError):
        Ledger.open(nowhere, author="tester")
