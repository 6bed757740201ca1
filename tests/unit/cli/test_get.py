"""``coffre get``: the right bytes or none, to a file or to a pipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.cli.commands.get import _shows_well
from tests.unit.cli.conftest import Bench, ref


@pytest.fixture
def stored(coffre: Bench) -> Bench:
    coffre("put", coffre.file("a.txt", b"given in 1328\n"))
    return coffre


def test_bytes_go_to_standard_output_as_they_are(stored: Bench) -> None:
    ran = stored("get", "0/object/a.txt")

    assert (ran.status, ran.out, ran.err) == (0, "given in 1328\n", "")


def test_any_bytes_may_go_to_a_pipe(coffre: Bench) -> None:
    coffre("put", coffre.file("b.bin", b"\x00\x1b[2J"))

    assert coffre("get", "b.bin").out == "\x00\x1b[2J"


def test_a_file_appears_verified_and_is_told(stored: Bench) -> None:
    ran = stored("get", "a.txt", "-o", "back.txt", "--json")

    assert Path("back.txt").read_bytes() == b"given in 1328\n"
    assert ran.told[0].items() >= {"path": "back.txt", "size": 14, "offer": "north"}.items()


def test_one_offer_can_be_named_and_no_other_is_read(stored: Bench) -> None:
    stored.memory["south"].damage(ref("a.txt"))

    good = stored("get", "a.txt", "--offer", "north")
    bad = stored("get", "a.txt", "--offer", "south")
    to_file = stored("get", "a.txt", "--offer", "south", "-o", "back.txt")
    nowhere = stored("get", "a.txt", "--offer", "west")

    assert (good.status, good.out) == (0, "given in 1328\n")
    assert (bad.status, bad.out) == (5, "")
    assert (to_file.status, Path("back.txt").exists()) == (5, False)
    assert nowhere.status == 2


def test_a_bad_copy_is_passed_over_and_told(stored: Bench) -> None:
    stored.memory["north"].damage(ref("a.txt"))

    ran = stored("get", "a.txt")

    assert (ran.status, ran.out) == (0, "given in 1328\n")
    assert "north (object-corrupt) could not give it: run coffre audit" in ran.err


def test_no_good_copy_gives_no_byte_at_all(stored: Bench) -> None:
    for offer in stored.memory.values():
        offer.damage(ref("a.txt"))

    ran = stored("get", "a.txt", "-o", "back.txt", "--json")

    assert (ran.status, ran.codes) == (5, ["no-readable-copy"])
    assert not Path("back.txt").exists()


def test_what_is_not_stored_is_not_found(coffre: Bench) -> None:
    ran = coffre("get", "nothing", "-o", "back", "--json")

    assert (ran.status, ran.codes) == (3, ["object-not-found"])


def test_a_file_that_exists_is_replaced_only_when_asked(stored: Bench) -> None:
    kept = Path(stored.file("mine", b"mine"))

    refused = stored("get", "a.txt", "-o", "mine")
    unchanged = kept.read_bytes()
    forced = stored("get", "a.txt", "-o", "mine", "--force")

    assert (refused.status, unchanged) == (2, b"mine")
    assert "--force" in refused.err
    assert (forced.status, kept.read_bytes()) == (0, b"given in 1328\n")


@pytest.mark.parametrize(
    ("place", "status"), [("/dev/null", 2), (".", 2), ("none/back", 4)], ids=str
)
def test_a_place_that_cannot_be_a_file_is_refused_even_by_force(
    stored: Bench, place: str, status: int
) -> None:
    ran = stored("get", "a.txt", "-o", place, "--force")

    assert (ran.status, ran.out) == (status, "")
    assert Path("/dev/null").is_char_device()


def test_json_and_the_object_cannot_share_standard_output(stored: Bench) -> None:
    ran = stored("get", "a.txt", "--json")

    assert (ran.status, ran.codes) == (2, ["usage"])


def test_a_terminal_is_not_given_what_would_upset_it(
    stored: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored("put", stored.file("b.bin", b"\x00\x1b[2J"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    assert stored("get", "a.txt").out == "given in 1328\n"
    refused = stored("get", "b.bin")

    assert (refused.status, refused.out) == (2, "")
    assert "-o FILE" in refused.err


@pytest.mark.parametrize(
    ("data", "well"),
    [
        (b"", True),
        ("été\r\n\t".encode(), True),
        ("é".encode()[:1], True),
        (b"\xe9t\xe9", False),
        (b"a\x00", False),
        (b"\x1b[31m", False),
    ],
    ids=ascii,
)
def test_text_shows_well_on_a_terminal_and_nothing_else_does(data: bytes, well: bool) -> None:
    assert _shows_well(data) is well
