"""The main job with the real command: stored on two offers, read back, audited, repaired."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

from tests.integration.cli.conftest import COFFRE, Archive

ESCAPE = b"\x1b"


def copies_of(archive: Archive, content: bytes) -> list[Path]:
    """Files below the offers that hold these bytes: a way around the software."""
    files = (path for path in (archive.home / "offers").rglob("*") if path.is_file())
    return sorted(path for path in files if path.read_bytes() == content)


def test_a_directory_is_stored_read_back_audited_and_repaired(archive: Archive) -> None:
    content = os.urandom(3000)
    archive.file("source/charter.bin", content)
    archive.file("source/sub/empty", b"")
    archive.file("source/sub/large", os.urandom(3 << 20))

    stored = archive("put", "-r", "source", "--json")
    assert stored.status == 0
    assert stored.summary.items() >= {"stored": 3, "copies": 6, "refused": 0}.items()

    assert archive("get", "source@@charter.bin").out == content
    assert archive("audit").status == 0

    copy, _other = copies_of(archive, content)
    copy.chmod(0o600)
    copy.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    assert archive("get", "source@@charter.bin").out == content
    found = archive("audit", "--json")
    assert found.status == 1
    assert found.summary.items() >= {"corrupt": 1, "verified": 5}.items()
    repaired = archive("repair", "--json")
    assert repaired.status == 0
    assert repaired.summary.items() >= {"rewritten": 1, "failed": 0}.items()
    assert archive("audit").status == 0
    assert archive("audit", "--ledger").status == 0


def test_what_is_piped_in_comes_back_through_a_pipe(archive: Archive) -> None:
    content = bytes(range(256)) * 5000

    assert archive("put", "-", "--id", "piped", stdin=content).status == 0
    assert archive("get", "piped").out == content


def test_an_object_is_deleted_by_order_and_the_order_stays_in_the_ledger(
    archive: Archive,
) -> None:
    archive.file("a.txt", b"to be deleted, once")
    archive("put", "a.txt")

    assert archive("rm", "a.txt", "--reason", "asked by the owner").status == 0
    assert archive("get", "a.txt").status == 3
    assert archive("ls").out == b""
    assert archive("audit").status == 0


def test_a_lost_ledger_is_rebuilt_from_an_offer_alone(archive: Archive) -> None:
    archive.file("source/a.txt", b"a")
    archive("put", "-r", "source")
    offer = archive("offers", "--json").told[0]["id"]
    assert isinstance(offer, str)
    for lost in archive.home.glob("coffre.db*"):
        lost.unlink()

    rebuilt = archive("rebuild", offer, "--json")

    assert rebuilt.status == 0
    assert rebuilt.told[0].items() >= {"recovered": 1, "complete": True}.items()
    assert archive("get", "source@@a.txt").out == b"a"
    assert b"source/a.txt" in archive("stat", "source@@a.txt").out


def test_nothing_that_a_pipe_receives_has_colours_or_bars(archive: Archive) -> None:
    for number in range(50):
        archive.file(f"source/{number}")
    for words in (
        ("put", "-r", "source"),
        ("put", "-r", "source", "missing"),
        ("audit",),
        ("offers", "--check"),
        ("drivers",),
        ("ls",),
        ("stat", "source@@1"),
        ("repair",),
        ("--help",),
    ):
        ran = archive(*words)
        assert ESCAPE not in ran.out
        assert ESCAPE.decode() not in ran.err


def test_a_terminal_is_shown_a_bar_and_every_line(archive: Archive) -> None:
    for number in range(20):
        archive.file(f"source/{number}")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COFFRE, "put", "-r", "source"],
        cwd=archive.home,
        env=archive.environment | {"TERM": "xterm", "COLUMNS": "120"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = read_all(ours)
        status = process.wait(timeout=60)
    os.close(ours)

    assert status == 0
    assert b"storing" in shown
    assert all(f"0/object/source@@{number}  ".encode() in shown for number in range(20))
    assert b"20 objects stored" in shown


def read_all(terminal: int) -> bytes:
    """Everything until the other side is closed, which a terminal tells by an error."""
    shown = b""
    while True:
        try:
            chunk = os.read(terminal, 1 << 16)
        except OSError:
            return shown
        if not chunk:
            return shown
        shown += chunk


def test_a_reader_that_stops_reading_ends_a_command_quietly(archive: Archive) -> None:
    for number in range(3000):
        archive.file(f"source/{number}", b"")
    archive("put", "-r", "-q", "source")

    with subprocess.Popen(
        [COFFRE, "ls", "--json"],
        cwd=archive.home,
        env=archive.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        status = process.wait(timeout=60)

    assert (status, said) == (1, b"")


def test_output_on_a_full_disk_is_told(archive: Archive) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [COFFRE, "drivers"],
            cwd=archive.home,
            env=archive.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 1
    assert b"No space left on device [output]" in done.stderr
    assert b"Traceback" not in done.stderr


def test_help_starts_without_the_database_and_the_drawing() -> None:
    imported = subprocess.run(
        [COFFRE.with_name("python"), "-X", "importtime", "-m", "coffre.cli.main", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr

    assert "coffre.contract" in imported
    for heavy in ("sqlalchemy", "rich", "alembic", "coffre.engine", "coffre.config"):
        assert f" {heavy}\n" not in imported
