"""Every mistake is told in words, with a code and a status; nothing is lost, no traceback."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.integration.cli.conftest import COFFRE, Archive, Ran

HOSTILE = ["..", "a/b", "line\nbreak", "a" * 256, "trailing.", "logs", "pаypal"]
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def check(ran: Ran, status: int, code: str) -> None:
    assert ran.status == status, ran
    assert ran.codes[-1] == code
    assert f"[{code}]" in ran.err
    assert "Traceback" not in ran.err


def test_a_hostile_identifier_stores_nothing(archive: Archive) -> None:
    archive.file("a.txt")

    for identifier in HOSTILE:
        check(archive("put", "a.txt", "--id", identifier, "--json"), 4, "invalid-reference")
    assert archive("ls").out == b""


@pytest.mark.parametrize(
    "words", [("get", "-o", "back"), ("stat",), ("rm", "--reason", "x"), ("repair",)], ids=str
)
def test_a_hostile_reference_is_refused_by_every_command(
    archive: Archive, words: tuple[str, ...]
) -> None:
    check(archive(*words, "--json", "--", "../../etc/passwd"), 4, "invalid-reference")


def test_a_tree_with_what_cannot_be_stored_gives_the_rest_and_every_reason(
    archive: Archive,
) -> None:
    archive.file("source/good.txt")
    archive.file("outside")
    tree = archive.home / "source"
    os.mkfifo(tree / "pipe")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(tree / "plug"))
    (tree / "out").symlink_to("../outside")
    (tree / "broken").symlink_to("nothing")
    (tree / "circle").symlink_to(".")

    ran = archive("put", "-r", "source", "--json")

    assert ran.status == 1
    assert ran.codes == ["source-unreadable"] * 5
    assert ran.summary.items() >= {"stored": 1, "refused": 5}.items()
    for reason in ("a fifo", "a socket", "leads out", "broken link", "link to a directory"):
        assert reason in ran.err
    assert "Traceback" not in ran.err


def test_a_name_of_any_bytes_is_stored_and_comes_back(archive: Archive) -> None:
    name = b"pr\xe9t \x1b[31m\n.txt"
    folder = os.fsencode(archive.home) + b"/source"
    os.mkdir(folder)
    with open(folder + b"/" + name, "wb") as file:
        file.write(b"odd")

    ran = archive("put", "-r", "source", "--json")

    assert ran.status == 0
    identifier = "source@@pr@E9t@20@1B@5B31m@0A.txt"
    assert ran.told[0]["ref"] == f"0/object/{identifier}"
    assert archive("get", identifier).out == b"odd"
    assert b"\x1b" not in archive("stat", identifier).out


def obey_permissions() -> None:
    """Have the next program obey file permissions, which root otherwise does not."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            libc.prctl(PR_CAPBSET_DROP, capability)


def test_a_file_that_may_not_be_read_is_refused_and_the_others_are_stored(
    archive: Archive,
) -> None:
    archive.file("source/mine.txt")
    archive.file("source/secret.txt").chmod(0)
    locked = archive.file("source/locked/inside.txt").parent
    locked.chmod(0)

    done = subprocess.run(
        [COFFRE, "put", "-r", "source", "--json"],
        cwd=archive.home,
        env=archive.environment,
        preexec_fn=obey_permissions,
        capture_output=True,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout, done.stderr.decode())
    locked.chmod(0o700)

    assert ran.status == 1
    assert ran.codes == ["source-unreadable"] * 2
    assert ran.summary["stored"] == 1
    assert ran.err.count("Permission denied") == 2


def test_without_a_configuration_the_way_to_one_is_told(tmp_path: Path) -> None:
    ran = Archive(tmp_path)("ls", "--json")

    assert ran.status == 2
    assert "coffre init" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("required = 2", "required = = 2", "TOML"),
        ("required = 2", "requires = 2", "requires"),
        ("required = 2", 'required = "two"', "required"),
        ("required = 2", "required = 3", "3 verified copies"),
        ("strategies.default", "strategies.other", "default"),
        ('offer = "south"', 'offer = "west"', "west"),
        ('driver = "filesystem"', 'driver = "telegraph"', "telegraph"),
    ],
    ids=[
        "no toml",
        "unknown key",
        "wrong type",
        "impossible strategy",
        "no default strategy",
        "unknown offer",
        "unknown driver",
    ],
)
def test_a_bad_configuration_is_told_with_its_file_and_line(
    archive: Archive, old: str, new: str, told: str
) -> None:
    archive.configuration(old, new)

    ran = archive("ls", "--json")

    assert ran.status == 2
    assert re.search(r"coffre\.toml(:\d+)?: ", ran.err)
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_a_strategy_that_nobody_defined_is_told(archive: Archive) -> None:
    archive.file("a.txt")

    check(archive("put", "a.txt", "--strategy", "nope", "--json"), 2, "strategy")


def ledger_of(archive: Archive) -> Path:
    archive.file("first.txt", b"first")
    assert archive("put", "first.txt").status == 0
    return next(
        path
        for path in sorted(archive.home.rglob("*"))
        if path.is_file() and path.read_bytes().startswith(b"SQLite format 3")
    )


def test_a_ledger_of_a_newer_version_is_left_alone(archive: Archive) -> None:
    ledger = ledger_of(archive)
    with sqlite3.connect(ledger) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = ledger.read_bytes()

    check(archive("put", "first.txt", "--json"), 2, "ledger-version")
    assert ledger.read_bytes() == before


def test_a_ledger_that_another_process_keeps_is_told_so(archive: Archive) -> None:
    ledger = ledger_of(archive)
    archive.configuration("[ledger]", "[ledger]\nbusy_timeout = 0.2")
    archive.file("second.txt", b"second")

    with sqlite3.connect(ledger) as database:
        database.execute("BEGIN IMMEDIATE")
        check(archive("put", "second.txt", "--json"), 6, "ledger-locked")
        assert archive("get", "first.txt").out == b"first"
        database.rollback()
    database.close()

    assert archive("put", "second.txt").status == 0


def test_a_ledger_that_is_no_ledger_is_left_alone(archive: Archive) -> None:
    ledger = ledger_of(archive)
    for path in ledger.parent.glob(ledger.name + "-*"):
        path.unlink()
    ledger.write_bytes(b"not a database at all, but some text of a person")

    check(archive("ls", "--json"), 6, "ledger-damaged")
    assert ledger.read_bytes().startswith(b"not a database")


def test_a_changed_ledger_is_found(archive: Archive) -> None:
    ledger = ledger_of(archive)
    with sqlite3.connect(ledger) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE events SET author = 'somebody else' WHERE seq = 2")
    database.close()

    ran = archive("audit", "--ledger", "--json")

    assert ran.status == 1
    assert ran.summary["findings"] != 0


def test_a_bug_ends_without_a_traceback_and_asks_to_be_reported(archive: Archive) -> None:
    broken = "import tomllib\ndef loads(text): raise RuntimeError\ntomllib.loads = loads\n"
    archive.file("bug/sitecustomize.py", broken.encode())
    archive.environment["PYTHONPATH"] = str(archive.home / "bug")

    check(archive("ls", "--json"), 70, "internal")

    archive.environment["COFFRE_DEBUG"] = "1"
    assert "Traceback" in archive("ls").err


def test_an_offer_that_is_away_is_a_status_of_its_own(archive: Archive) -> None:
    ledger_of(archive)
    offers = [line["url"] for line in archive("offers", "--json").told]
    for url in offers:
        assert isinstance(url, str)
        root = Path(url.removeprefix("file://"))
        root = root if root.is_absolute() else archive.home / root
        root.rename(root.with_name(root.name + "-away"))
        root.touch()  # something is in its place, so that it is not simply made again

    assert archive("offers", "--check").status == 6
    check(archive("get", "first.txt", "-o", "back", "--json"), 5, "no-readable-copy")
    archive.file("b.txt")
    check(archive("put", "b.txt", "--json"), 5, "not-enough-copies")
    ran = archive("audit", "--json")
    assert ran.status == 1
    assert ran.summary.items() >= {"unknown": 2, "missing": 0, "corrupt": 0}.items()
