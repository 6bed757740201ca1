"""Numbers and names as a person reads them; nothing printed can take over a terminal."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.cli.wording import count_text, listed, printable, seconds_text, size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (12_600, "12.3 KiB"),
        (1024**3, "1.0 GiB"),
        (3 * 1024**6, "3072.0 PiB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_fits(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.421, "0.42 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_a_duration_is_told_as_finely_as_matters(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_counts_agree_in_number() -> None:
    assert [count_text(n, "copy") for n in (0, 1, 2)] == ["0 copies", "1 copy", "2 copies"]
    assert count_text(1, "verified copy") == "1 verified copy"
    assert count_text(3, "object") == "3 objects"


def test_names_are_listed_as_in_a_sentence() -> None:
    assert listed(["north"]) == "north"
    assert listed(["north", "south", "west"]) == "north, south and west"


def test_what_could_move_a_cursor_is_written_out() -> None:
    assert printable("a\x1b[2Jb\nc\u202ed") == r"a\x1b[2Jb\nc\u202ed"


def test_a_name_that_is_no_text_shows_its_bytes() -> None:
    assert printable(os.fsdecode(b"pr\xe9.txt")) == r"pr\xe9.txt"


def test_letters_of_any_script_stay() -> None:
    assert printable("été 文書") == "été 文書"


@given(st.text())
def test_whatever_is_printed_is_printable_and_can_be_encoded(text: str) -> None:
    assert printable(text).isprintable()
    printable(text).encode()
