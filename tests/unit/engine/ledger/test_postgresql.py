"""What is PostgreSQL's own; most tests of this folder also run on it, see ``conftest.py``."""

from __future__ import annotations

import pytest

from coffre.engine.ledger import (
    Ledger,
    LedgerDamagedError,
    LedgerLockedError,
    LedgerUnavailableError,
    sessionlocks,
)
from tests.unit.engine.ledger.support import codes, deposit, fill, ref


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
def test_raw_sql_is_refused(server_url: str, statement: str) -> None:
    with Ledger.open(server_url, author="tester") as ledger:
        fill(ledger, 3)

        with (
            pytest.raises(LedgerDamagedError),
            ledger._database.administering() as connection,
        ):
            connection.exec_driver_sql(statement)

        assert codes(ledger) == []


def test_a_ledger_kept_by_another_session_is_told(server_url: str) -> None:
    with (
        Ledger.open(server_url, author="one") as one,
        Ledger.open(server_url, author="two", busy_timeout_s=0.1) as two,
        one._database.administering() as connection,
    ):
        connection.exec_driver_sql("SELECT seq FROM head FOR UPDATE")
        with pytest.raises(LedgerLockedError):
            two.record_deposits([deposit("a")])


def test_a_missing_database_is_told(server_url: str) -> None:
    nowhere = server_url.partition("?")[0].rpartition("/")[0] + "/no_such_database"
    with pytest.raises(LedgerUnavailableError, match="no_such_database"):
        Ledger.open(nowhere, author="tester")


def test_a_connection_that_the_server_closed_is_replaced(server_url: str) -> None:
    with (
        Ledger.open(server_url, author="tester") as ledger,
        Ledger.open(server_url, author="other") as other,
    ):
        ledger.record_deposits([deposit("a")])
        with other._database.administering() as connection:
            closed = connection.exec_driver_sql(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND query = 'COMMIT'"
            ).scalar()
        assert closed

        assert ledger.find(ref("a")) is not None
        ledger.record_deposits([deposit("b")])
        assert codes(ledger) == []


def test_acknowledged_commits_wait_for_the_device(server_url: str) -> None:
    with (
        Ledger.open(server_url, author="tester") as ledger,
        ledger._database.administering() as connection,
    ):
        durable = connection.exec_driver_sql("SHOW synchronous_commit").scalar()

    assert durable != "off"


def test_two_ledgers_in_one_database_have_claims_of_their_own(server_url: str) -> None:
    elsewhere = server_url.replace("coffre_test", "coffre_twin")
    schema = elsewhere.rpartition("%3D")[2]
    with (
        Ledger.open(server_url, author="one") as one,
        one._database.administering() as connection,
    ):
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    try:
        with (
            Ledger.open(server_url, author="one") as one,
            Ledger.open(elsewhere, author="two") as two,
            one.claim([ref("a")]),
        ):
            assert not two.is_claimed(ref("a"))
            two.claim([ref("a")]).release()
    finally:
        with (
            Ledger.open(server_url, author="one") as one,
            one._database.administering() as connection,
        ):
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")


def test_a_claim_whose_session_the_server_ended_is_lost_and_told_to_nobody(
    server_url: str,
) -> None:
    with Ledger.open(server_url, author="tester") as ledger:
        claim = ledger.claim([ref("a")])
        with ledger._database.administering() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        with ledger.claim([ref("a")]):
            claim.release()
            assert ledger.is_claimed(ref("a"))


def test_a_claim_that_cannot_be_released_ends_with_its_session(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(server_url, author="tester") as ledger:
        claim = ledger.claim([ref("a")])
        monkeypatch.setattr(sessionlocks, "_RELEASE", "SELECT 1 / 0")
        claim.release()
        while ledger.is_claimed(ref("a")):
            pass  # a server notices in its own time
