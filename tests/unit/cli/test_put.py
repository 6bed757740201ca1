"""``coffre put``: a receipt or a reason for each object, and totals that agree with them."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.cli.tally import PutTally
from coffre.cli.watching import LARGE, watched
from coffre.contract import ObjectRef
from coffre.engine.items import PutItem
from coffre.engine.ledger import LedgerLockedError
from coffre.engine.outcomes import Receipt, Refusal
from coffre.streams import FileContent, chunks_of
from tests.unit.cli.conftest import Bench, ref


def test_a_file_is_stored_in_every_offer_under_its_own_name(coffre: Bench) -> None:
    ran = coffre("put", coffre.file("deep/charter.txt", b"given in 1328"))

    assert ran.status == 0
    assert ran.lines[0].startswith("stored   0/object/charter.txt  13 B  sha512:")
    assert ran.lines[0].endswith("…  2 copies (present)") or "(reported)" in ran.lines[0]
    assert ran.lines[1].startswith("1 object stored, 13 B, 2 verified copies (")
    for offer in coffre.memory.values():
        assert offer.bytes_of(ref("charter.txt")) == b"given in 1328"


def test_a_directory_is_one_job_and_names_come_back(coffre: Bench) -> None:
    coffre.file("docs/a b.txt")
    coffre.file("docs/sub/c.txt")

    ran = coffre("put", "-r", "docs", "--json")

    assert [line.get("ref") for line in ran.told] == [
        "0/object/docs@@a@20b.txt",
        "0/object/docs@@sub@@c.txt",
        None,
    ]
    expected = {"stored": 2, "already_stored": 0, "refused": 0, "copies": 4, "complete": True}
    assert ran.summary.items() >= expected.items()
    assert "name       docs/a b.txt" in coffre("stat", "docs@@a@20b.txt").out


def test_the_same_again_succeeds_and_says_so(coffre: Bench) -> None:
    path = coffre.file("a.txt")
    coffre("put", path)

    ran = coffre("put", path)

    assert ran.status == 0
    assert ran.lines[0].startswith("already  0/object/a.txt")
    assert ran.lines[1].startswith("0 objects stored, 1 already stored")


def test_other_bytes_under_the_same_identifier_are_refused_and_change_nothing(
    coffre: Bench,
) -> None:
    coffre("put", coffre.file("a.txt", b"one"))

    ran = coffre("put", coffre.file("a.txt", b"two"), "--json")

    assert (ran.status, ran.codes) == (4, ["object-conflict"])
    assert coffre.memory["north"].bytes_of(ref("a.txt")) == b"one"


def test_one_bad_object_never_stops_the_job(coffre: Bench) -> None:
    good, late = coffre.file("good"), coffre.file("late")

    ran = coffre("put", good, "missing", late)

    assert ran.status == 1
    assert "missing: No such file or directory [source-unreadable]" in ran.err
    assert ran.lines[-1].startswith("2 objects stored, 1 refused")


def test_what_comes_through_a_pipe_is_stored_under_the_name_given(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    coffre.stdin(monkeypatch, b"piped")

    ran = coffre("put", "-", "--id", "from-pipe")

    assert ran.status == 0
    assert coffre.memory["south"].bytes_of(ref("from-pipe")) == b"piped"


def test_place_and_identifier_are_as_given(coffre: Bench) -> None:
    ran = coffre("put", coffre.file("r"), "--tenant", "3", "--container", "report", "--id", "r.xml")

    assert ran.status == 0
    expected = ObjectRef(tenant=3, container="report", identifier="r.xml")
    assert coffre.memory["north"].refs() == [expected]


@pytest.mark.parametrize("identifier", ["..", "a/b", "a\nb", "a" * 256, "a.", "logs", "pаypal"])
def test_a_hostile_identifier_is_refused_before_anything_is_stored(
    coffre: Bench, identifier: str
) -> None:
    ran = coffre("put", coffre.file("a.txt"), "--id", identifier, "--json")

    assert ran.status == 4
    assert "invalid-reference" in ran.err
    assert coffre.memory["north"].refs() == []


@pytest.mark.parametrize("container", ["..", "a b", "x/y", ""])
def test_a_hostile_container_is_refused(coffre: Bench, container: str) -> None:
    coffre.file("docs/a.txt")

    for words in (("put", "docs/a.txt"), ("put", "-r", "docs"), ("ls",)):
        ran = coffre(*words, "--container", container)
        if container:  # an empty one is the default
            assert ran.status == 4
            assert "[invalid-reference]" in ran.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("docs",), "add -r"),
        (("-",), "--id"),
        (("-", "docs/a", "-r"), "alone"),
        (("docs/a", "docs/b", "--id", "x"), "several paths"),
        (("docs", "-r", "--id", "x"), "holds many"),
        (("docs/a", "docs/b", "--digest", "md5:00"), "one object"),
        (("docs", "-r", "--digest", "md5:00"), "one object"),
    ],
    ids=str,
)
def test_a_command_line_that_cannot_be_meant_stores_nothing(
    coffre: Bench, words: tuple[str, ...], why: str
) -> None:
    coffre.file("docs/a")
    coffre.file("docs/b")

    ran = coffre("put", *words)

    assert (ran.status, ran.out) == (2, "")
    assert why in ran.err


def test_a_digest_that_was_announced_must_match(coffre: Bench) -> None:
    path = coffre.file("a.txt", b"abc")

    wrong = coffre("put", path, "--digest", f"sha256:{'0' * 64}")
    right = coffre("put", path, "--digest", f"sha256:{hashlib.sha256(b'abc').hexdigest()}")

    assert (wrong.status, right.status) == (4, 0)
    assert "[digest-mismatch]" in wrong.err


def test_too_few_copies_is_a_status_of_its_own_and_tells_the_reason(coffre: Bench) -> None:
    coffre.memory["south"].online = False

    ran = coffre("put", coffre.file("a.txt"))

    assert ran.status == 5
    assert "south" in ran.err
    assert "[not-enough-copies]" in ran.err


def test_a_copy_that_is_owed_is_told_with_what_to_do(coffre: Bench) -> None:
    coffre.memory["south"].online = False

    ran = coffre("put", coffre.file("a.txt"), "--strategy", "one")

    assert ran.status == 0
    assert "1 copy (" in ran.lines[0]
    assert "owed on south: offer-unavailable" in ran.lines[0]
    assert "1 copy owed" in ran.lines[1]
    assert "run coffre repair" in ran.err


def test_a_dry_run_says_what_would_be_stored_and_stores_nothing(coffre: Bench) -> None:
    coffre.file("docs/a.txt")
    os.mkfifo(coffre.home / "docs" / "pipe")

    ran = coffre("put", "-r", "docs", "--dry-run")

    assert ran.status == 1
    assert ran.lines[0].startswith("would store  0/object/docs@@a.txt")
    assert "a fifo" in ran.err
    assert coffre.memory["north"].refs() == []


def test_a_directory_that_holds_the_archive_itself_leaves_ledger_and_offers_out(
    coffre: Bench,
) -> None:
    coffre.file("a.txt")
    coffre.file("coffre.db")
    coffre.file("offers/north/.coffre/offer.json")

    ran = coffre("put", "-r", ".", "--json")

    assert ran.status == 1
    refused = {str(line["name"]) for line in ran.told if "error" in line}
    assert {"./coffre.db", "./offers/north"} <= refused
    home = coffre.home.name
    assert f"0/object/{home}@@a.txt" in [line.get("ref") for line in ran.told]


def test_a_job_that_the_ledger_stops_says_what_was_done_before(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = coffre.open()
    answers = engine.put_many([PutItem(ref=ref("a"), source=b"a")])

    def stopping(*_: object, **__: object) -> Iterator[object]:
        yield from answers
        raise LedgerLockedError("another process keeps the ledger")

    monkeypatch.setattr("coffre.engine.Engine.put_many", stopping)

    ran = coffre("put", coffre.file("a"), "--json")
    engine.close()

    assert (ran.status, ran.codes) == (6, ["ledger-locked"])
    assert ran.summary.items() >= {"stored": 1, "complete": False}.items()


def test_an_interrupted_job_tells_every_answer_and_takes_no_more_items(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        coffre.file(f"docs/{name}")
    add = PutTally.add

    def interrupting(tally: PutTally, answer: Receipt | Refusal) -> None:
        if not tally.objects:  # one Ctrl-C: a second one acts at once
            os.kill(os.getpid(), signal.SIGINT)
        add(tally, answer)

    monkeypatch.setattr(PutTally, "add", interrupting)
    monkeypatch.setattr("coffre.engine.bulk.BATCH_OBJECTS", 1)

    ran = coffre("put", "-r", "docs", "--json")

    assert ran.status == 1
    told = [line["ref"] for line in ran.told if "ref" in line]
    held = [str(one) for one in coffre.memory["north"].refs()]
    assert told == held
    assert len(told) < 3
    assert ran.summary.items() >= {"stored": len(told), "complete": False}.items()
    assert "run the same command again" in ran.err


def test_a_second_interrupt_acts_at_once_but_lets_the_answer_be_told(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        coffre.file(f"docs/{number}")
    count = PutTally._add_receipt

    def interrupting(tally: PutTally, receipt: Receipt) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        count(tally, receipt)

    monkeypatch.setattr(PutTally, "_add_receipt", interrupting)

    ran = coffre("put", "-r", "docs", "--json")

    assert ran.status == 1
    assert len([line for line in ran.told if "ref" in line]) == 1
    assert ran.summary.items() >= {"stored": 1, "complete": False}.items()


def test_a_large_file_tells_how_far_it_was_read(tmp_path: Path) -> None:
    for name, size in (("large", LARGE), ("small", 10)):
        with open(tmp_path / name, "wb") as file:
            file.truncate(size)
    told: list[int] = []
    items = [PutItem(ref=ref(n), source=str(tmp_path / n)) for n in ("large", "small", "gone")]

    large, small, gone = watched(iter(items), told.append)

    assert isinstance(large, PutItem)
    assert isinstance(large.source, FileContent)
    assert (small, gone) == (items[1], items[2])
    with large.source.open() as stream:
        assert sum(len(chunk) for chunk in chunks_of(stream)) == LARGE
    assert sum(told) == LARGE
