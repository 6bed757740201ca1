"""``coffre drivers``: what is installed, and what one driver needs."""

from __future__ import annotations

import pytest

from coffre.contract import DriverError, Parameter, Secret
from coffre.manager import DriverReport, InstalledDriver
from coffre.testing import MemoryDriver
from tests.unit.cli.conftest import Bench

TAPE = InstalledDriver(name="tape", distribution="tapes", version="2.1", target="tapes:Tape")


def install(monkeypatch: pytest.MonkeyPatch, *reports: DriverReport) -> None:
    monkeypatch.setattr("coffre.manager.examine_drivers", lambda: reports)


def test_our_own_drivers_are_listed_like_anyones(coffre: Bench) -> None:
    ran = coffre("drivers", "--json")

    assert ran.status == 0
    ours = {line["name"]: line for line in ran.told if line["distribution"] == "coffre"}
    assert ours.keys() >= {"filesystem", "memory"}
    assert all(line["usable"] for line in ours.values())


def test_the_memory_driver_says_that_it_forgets_everything(coffre: Bench) -> None:
    (line,) = (line for line in coffre("drivers").lines if line.startswith("memory"))

    assert "for tests" in line
    assert "forgotten" in line
    assert coffre("drivers", "memory").lines[1] in line


def test_a_driver_that_cannot_be_used_is_listed_with_the_reason(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, DriverReport(installed=TAPE, driver=None, problem="pip install 'tapes'"))

    ran = coffre("drivers")

    assert ran.status == 0
    assert ran.lines[1].split() == ["tape", "-", "-", "tapes", "2.1", "no"]
    assert "pip install" in ran.err


def test_one_driver_tells_its_parameters(coffre: Bench) -> None:
    ran = coffre("drivers", "memory")

    assert ran.lines[0] == "memory 1.0, for contract 1.1"
    assert any(line.startswith("capacity   int") for line in ran.lines)
    assert coffre("drivers", "memory", "--json").told[0]["contract"] == "1.1"


def test_a_driver_that_is_not_installed_is_a_usage_error(coffre: Bench) -> None:
    ran = coffre("drivers", "telegraph", "--json")

    assert (ran.status, ran.codes) == (2, ["driver-not-found"])


def test_a_driver_that_is_broken_is_a_usage_error(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise DriverError("its library is missing")

    monkeypatch.setattr("coffre.manager.load_driver", broken)

    assert coffre("drivers", "tape", "--json").codes == ["driver-unusable"]


def test_defaults_are_told_as_the_configuration_writes_them_and_never_a_secret(
    coffre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = (
        Parameter(name="fast", type=bool, default=True, help="Quick."),
        Parameter(name="mode", default="a", choices=("a", "b"), help="Which."),
        Parameter(name="user", required=True, help="Who."),
        Parameter(name="key", type=Secret, default=Secret("hunter2"), help="What."),
    )
    monkeypatch.setattr(MemoryDriver, "parameters", parameters)

    ran = coffre("drivers", "memory")

    assert [line.split() for line in ran.lines[4:]] == [
        ["fast", "bool", "true", "Quick."],
        ["mode", "str", "a", "Which.", "(a,", "b)"],
        ["user", "str", "required", "Who."],
        ["key", "secret", "Secret(***)", "What."],
    ]
    assert "hunter2" not in ran.out + coffre("drivers", "memory", "--json").out
