"""A command line ends in a message, a code and a status; a traceback is for bugs, when asked."""

from __future__ import annotations

import errno

import pytest

from coffre import __version__
from coffre.cli.commands import COMMANDS
from coffre.cli.errors import ReaderGoneError
from coffre.cli.main import build_parser, main
from tests.unit.cli.conftest import Bench


def fail(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def broken(path: str | None) -> None:
        raise error

    monkeypatch.setattr("coffre.config.open", broken)


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_has_help_and_the_common_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(option in said for option in ("--json", "--config FILE", "--quiet"))


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])

    assert capsys.readouterr().out == f"coffre {__version__}\n"


@pytest.mark.parametrize("words", [("--json", "ls"), ("ls", "--json")], ids=str)
def test_common_options_may_come_before_or_after_the_command(words: tuple[str, ...]) -> None:
    args = build_parser().parse_args(words)

    assert args.json is True
    assert args.config is None


@pytest.mark.parametrize(
    "words",
    [(), ("fly",), ("get",), ("put",), ("rm", "x"), ("ls", "--tenant", "x"), ("get", "x", "--no")],
    ids=str,
)
def test_a_command_line_that_makes_no_sense_is_a_usage_error(
    coffre: Bench, words: tuple[str, ...]
) -> None:
    ran = coffre(*words, "--json")

    assert (ran.status, ran.codes) == (2, ["usage"])
    assert "--help" in ran.err


def test_a_bug_is_told_without_what_it_says_and_without_a_traceback(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, RuntimeError("password=hunter2"))

    ran = coffre("ls", "--json")

    assert (ran.status, ran.codes) == (70, ["internal"])
    assert "report" in ran.err
    assert "hunter2" not in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_a_bug_shows_its_traceback_when_asked(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COFFRE_DEBUG", "1")
    fail(monkeypatch, RuntimeError("broken"))

    assert "Traceback" in coffre("ls").err


def test_an_interrupt_is_part_done_and_says_how_to_go_on(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, KeyboardInterrupt())

    ran = coffre("ls", "--json")

    assert (ran.status, ran.codes) == (1, ["interrupted"])
    assert "again" in ran.err


def test_a_reader_that_went_away_is_no_reason_to_complain(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, ReaderGoneError())

    ran = coffre("ls")

    assert (ran.status, ran.err) == (1, "")


def test_output_that_cannot_be_written_is_told(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    coffre("put", coffre.file("a.txt"))

    def full(text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout.write", full)
        status = main(["ls"])

    assert status == 1
    assert "No space left on device [output]" in coffre.capsys.readouterr().err
