from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from coffre.engine.ledger import (
    Ledger,
    LedgerDamagedError,
    LedgerError,
    LedgerLockedError,
    LedgerUnavailableError,
    LedgerVersionError,
)
from coffre.engine.ledger.schema import HEAD
from tests.unit.engine.ledger.support import deposit, kinds, ref, stranger


def test_a_new_ledger_begins_with_an_event_of_its_own(url: str) -> None:
    with Ledger.open(url, author="founder") as ledger:
        (event,) = ledger.events()

    assert (event.seq, event.kind, event.author) == (1, "ledger-created", "founder")


def test_what_was_recorded_is_there_after_opening_again(url: str) -> None:
    with Ledger.open(url, author="tester") as ledger:
        ledger.record_deposits([deposit("a")])
        before = ledger.find(ref("a"))
    with Ledger.open(url, author="tester", create=False) as again:
        assert again.find(ref("a")) == before


def test_a_plain_path_is_an_embedded_ledger(tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "a b%20?.db"), author="tester") as ledger:
        assert ledger.place == str(tmp_path / "a b%20?.db")
        assert repr(ledger) == f"Ledger({ledger.place!r})"
    assert (tmp_path / "a b%20?.db").exists()


def test_opening_an_up_to_date_ledger_does_not_load_alembic(path: Path) -> None:
    script = (
        "import sys\n"
        "from coffre.engine.ledger import Ledger\n"
        "for _ in range(2):\n"
        "    Ledger.open(sys.argv[1], author='me').close()\n"
        "assert 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


def test_a_ledger_that_must_exist_is_not_made(path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger at"):
        Ledger.open(str(path), author="tester", create=False)
    assert not path.exists()


def test_an_empty_database_is_no_ledger_when_it_must_exist(path: Path) -> None:
    path.touch()
    with pytest.raises(LedgerError, match="there is no ledger at"):
        Ledger.open(str(path), author="tester", create=False)


@pytest.mark.parametrize("revision", ["9999", ""])
def test_a_newer_ledger_is_refused_and_not_touched(path: Path, revision: str) -> None:
    Ledger.open(str(path), author="tester").close()
    with stranger(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    before = path.read_bytes()

    with pytest.raises(LedgerVersionError, match="upgrade coffre") as caught:
        Ledger.open(str(path), author="tester")

    assert caught.value.code == "ledger-version"
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    with stranger(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")

    with pytest.raises(LedgerDamagedError, match="recipes"):
        Ledger.open(str(path), author="tester")

    with stranger(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"minutes of the meeting\n" * 100)

    with pytest.raises(LedgerDamagedError, match="not a sound database"):
        Ledger.open(str(path), author="tester")

    assert path.read_bytes() == b"minutes of the meeting\n" * 100


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"the folder .*nowhere does not exist"):
        Ledger.open(str(tmp_path / "nowhere" / "ledger.db"), author="tester")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="is a folder"):
        Ledger.open(str(tmp_path), author="tester")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LedgerError, match="may write"):
            Ledger.open(str(tmp_path / "ledger.db"), author="tester")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "mysql://host/name", "nonsense://", "://", "postgresql:x"],
)
def test_a_url_that_cannot_be_used_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "..")
    if url == "postgresql:x":
        url = "postgresql://user:s3cret@host:port/name"
    with pytest.raises(LedgerError) as caught:
        Ledger.open(url, author="tester")
    assert "s3cret" not in str(caught.value)


def test_a_server_that_cannot_be_reached_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed (coffre[postgresql])")
    with pytest.raises(LedgerUnavailableError) as caught:
        Ledger.open("postgresql://user:s3cret@127.0.0.1:1/archive", author="t", busy_timeout_s=2)
    assert "127.0.0.1/archive" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_ledger_kept_by_another_process_is_told(path: Path) -> None:
    with (
        Ledger.open(str(path), author="tester", busy_timeout_s=0.05) as ledger,
        stranger(path) as connection,
    ):
        connection.execute("BEGIN IMMEDIATE")

        with pytest.raises(LedgerLockedError, match="kept busy by another process") as caught:
            ledger.record_deposits([deposit("a")])

        assert caught.value.code == "ledger-locked"
        assert caught.value.retryable
        assert str(path) in str(caught.value)
        connection.execute("COMMIT")
        ledger.record_deposits([deposit("a")])
        assert kinds(ledger) == ["ledger-created", "object-deposited"]


def test_a_ledger_being_written_can_be_opened_and_read(path: Path) -> None:
    Ledger.open(str(path), author="tester").close()
    with stranger(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with Ledger.open(str(path), author="tester", busy_timeout_s=0.05) as ledger:
            assert ledger.find(ref("a")) is None
        connection.execute("ROLLBACK")


def test_a_damaged_page_is_told_as_damage(path: Path) -> None:
    with Ledger.open(str(path), author="tester") as ledger:
        ledger.record_deposits([deposit(f"{n:03}") for n in range(200)])
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))

    with pytest.raises(LedgerDamagedError), Ledger.open(str(path), author="tester") as ledger:
        list(ledger.objects())


def test_a_record_that_cannot_be_read_is_told_as_damage(embedded: Ledger, path: Path) -> None:
    embedded.record_deposits([deposit("a")])
    with stranger(path, unguarded=True) as connection:
        connection.execute("UPDATE objects SET digest = x'00'")

    with pytest.raises(LedgerDamagedError, match="audit --ledger"):
        embedded.find(ref("a"))


def test_a_full_disk_is_told_and_nothing_is_recorded(embedded: Ledger) -> None:
    limit = embedded._database._recorder.execute  # type: ignore[attr-defined]
    (pages,) = limit("PRAGMA page_count").fetchone()
    limit(f"PRAGMA max_page_count = {pages + 4}")

    with pytest.raises(LedgerError, match="make room in"):
        embedded.record_deposits([deposit(f"{n:04}") for n in range(1000)])

    assert kinds(embedded) == ["ledger-created"]
    embedded.record_deposits([deposit("a")])


def test_closing_twice_is_closing_once_and_leaves_one_file(path: Path) -> None:
    ledger = Ledger.open(str(path), author="tester")
    ledger.record_deposits([deposit("a")])
    ledger.find(ref("a"))
    ledger.close()
    ledger.close()

    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_acknowledged_commits_wait_for_the_device(embedded: Ledger) -> None:
    """FULL is 2 (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
    database = embedded._database
    recorder: sqlite3.Connection = database._recorder  # type: ignore[attr-defined]

    assert recorder.execute("PRAGMA synchronous").fetchone() == (2,)
    assert recorder.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_commit_that_fails_is_told_and_leaves_the_way_free(embedded: Ledger) -> None:
    session = embedded._database._recorder  # type: ignore[attr-defined]
    execute = session.execute

    def fail_to_commit(sql: str) -> None:
        if sql == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        execute(sql)

    session.execute = fail_to_commit
    with pytest.raises(LedgerError, match="disk I/O error"):
        embedded.record_deposits([deposit("a")])
    session.execute = execute

    assert kinds(embedded) == ["ledger-created"]
    embedded.record_deposits([deposit("b")])
    assert kinds(embedded) == ["ledger-created", "object-deposited"]


def test_a_short_question_is_asked_of_the_recorder(
    embedded: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection would have to read again every page that the recorder wrote."""
    embedded.record_deposits([deposit("a")])
    monkeypatch.delattr("coffre.engine.ledger.embedded.EmbeddedDatabase._lend_reader")

    assert embedded.find(ref("a")) is not None
    assert embedded.find_many([ref("a")])


def test_a_question_is_answered_while_a_thread_is_writing(embedded: Ledger) -> None:
    embedded.record_deposits([deposit("a")])
    with embedded._database.writing() as transaction:
        transaction.run(text("UPDATE objects SET state = 'deleted'"))

        found = embedded.find(ref("a"))

    assert found is not None
    assert found.state == "stored"


def test_a_long_answer_does_not_keep_a_writer_waiting(embedded: Ledger) -> None:
    embedded.record_deposits([deposit("a")])
    with embedded._database.reading():
        embedded.record_deposits([deposit("b")])

    assert [record.ref.identifier for record in embedded.objects()] == ["a", "b"]


def test_a_ledger_that_was_closed_says_so(path: Path) -> None:
    ledger = Ledger.open(str(path), author="tester")
    ledger.close()

    for ask in (lambda: ledger.find(ref("a")), lambda: [*ledger.objects()]):
        with pytest.raises(LedgerError, match="closed"):
            ask()
    with pytest.raises(LedgerError, match="closed"):
        ledger.record_deposits([deposit("a")])


def test_a_ledger_stays_where_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    with Ledger.open("ledger.db", author="tester") as ledger:
        monkeypatch.chdir(elsewhere)
        with ledger.claim([ref("a")]):
            ledger.record_deposits([deposit("a")])
        with ledger._database.reading():  # so that another connection has to be made
            assert len([*ledger.objects()]) == 1

    assert [*elsewhere.iterdir()] == []


def test_the_revision_is_where_alembic_looks_for_it(path: Path) -> None:
    Ledger.open(str(path), author="tester").close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
