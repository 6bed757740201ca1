"""What a program says is kept within bounds, and shown without secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from coffre.drivers.process.log import KEPT, SHOWN, ProgramLog, Redaction, printable

SECRET = "pass word/é\nsecond line"


@pytest.mark.parametrize(
    "said",
    [
        f"connecting with {SECRET}!",
        "connecting with pass word/é",
        "second line was refused",
        'sent {"password": "pass word/\\u00e9\\nsecond line"}',
        "GET /?password=pass%20word%2F%C3%A9%0Asecond%20line",
    ],
)
def test_a_secret_is_not_shown_in_any_of_its_forms(said: str) -> None:
    shown = Redaction([SECRET])(said)

    assert "***" in shown
    assert "word" not in shown.replace('"password"', "").replace("?password=", "")
    assert "second" not in shown


def test_a_secret_that_is_empty_changes_nothing() -> None:
    assert Redaction([""])("as it is") == "as it is"


def test_a_redaction_tells_nothing() -> None:
    assert SECRET not in repr(Redaction([SECRET]))


@pytest.fixture
def pipe() -> Iterator[tuple[ProgramLog, int]]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield ProgramLog(reading), writing
    os.close(reading)
    os.close(writing)


def test_the_end_of_a_long_log_is_kept_by_whole_lines(pipe: tuple[ProgramLog, int]) -> None:
    log, writing = pipe
    line = b"open sesame " * 20 + b"\n"
    log.redaction = Redaction(["open sesame"])
    for _ in range(KEPT // len(line) * 3):
        os.write(writing, line)
        log.read()

    lines = log.text().splitlines()
    assert set(lines) == {"*** " * 20}
    assert KEPT - 2 * len(line) < len(lines) * len(line) <= KEPT


def test_a_log_is_never_waited_for(pipe: tuple[ProgramLog, int]) -> None:
    log, writing = pipe
    assert log.read() is False
    os.write(writing, b"\xff it began\n\n")
    assert log.read() is False

    assert log.last_line() == "� it began"


def test_a_line_in_an_error_is_short_and_printable() -> None:
    assert printable("a\x1b[31m\tb\u202e") == "a [31m b "
    assert printable("x" * 1000) == "x" * SHOWN + "…"
