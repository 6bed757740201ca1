"""The command line of the benchmarks, and what it calls a trial."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.cases import CASES
from benchmarks.claims import CLAIMS, claim
from benchmarks.measuring import Figure, NotMeasuredError
from benchmarks.options import Options
from tests.unit.benchmarks.support import figure_of

MIB = 1024**2


def test_every_claim_has_a_case_that_measures_it() -> None:
    assert set(CASES) == {claim.name for claim in CLAIMS}


def test_less_than_what_is_claimed_is_a_trial(tmp_path: Path) -> None:
    assert not Options(scratch=tmp_path).is_trial
    assert Options(scratch=tmp_path, size=64 * MIB).is_trial
    assert Options(scratch=tmp_path, runs=4).is_trial
    assert Options(scratch=tmp_path, objects=100).is_trial
    assert Options(scratch=tmp_path, quick=True).is_trial


def test_a_name_that_means_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["larg"])
    assert "nothing is called 'larg'" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "-1GiB", "1GB", "many"])
def test_a_size_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SystemExit):
        command.main([f"--size={text}"])


def test_cases_are_given_a_place_by_its_whole_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    places: list[Path] = []

    def looks(options: Options) -> Figure:
        places.append(options.scratch)
        return figure_of(claim("calls-bulk"), 7)

    monkeypatch.setattr(command, "CASES", {"calls-bulk": looks})
    monkeypatch.chdir(tmp_path)

    assert command.main(["calls-bulk", "--scratch", "here"]) == 0
    assert places[0].parent == tmp_path / "here"


def test_what_fails_stops_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: Options) -> Figure:
        raise NotMeasuredError("strace is not installed")

    def works(_: Options) -> Figure:
        return figure_of(claim("calls-bulk"), 7)

    monkeypatch.setattr(command, "CASES", {"calls-durable": fails, "calls-bulk": works})

    status = command.main(["calls", "--scratch", str(tmp_path)])

    shown = capsys.readouterr().out
    assert status == 1
    assert "not measured: strace is not installed" in shown
    assert "7.0 system calls an object" in shown
