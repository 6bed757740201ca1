"""``offers --pools`` and ``bench pool``, over a configuration and two directories."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coffre.cli.main import main
from coffre.config import write_configuration
from tests.unit.cli.conftest import Ran

Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    write_configuration(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Ran:
        status = main(words)
        said = capsys.readouterr()
        return Ran(status, said.out, said.err)

    return run


def test_pools_are_shown_and_whose_they_are(run: Run) -> None:
    ran = run("offers", "--pools")

    assert ran.status == 0
    assert ran.lines[0].split("  ")[0] == "OFFER"
    assert [line.split()[:5] for line in ran.lines[1:]] == [
        ["north", "0", "0", "0", "10"],
        ["south", "0", "0", "0", "10"],
    ]
    assert "of this command alone" in ran.err


def test_a_check_leaves_its_connection_in_the_pool(run: Run) -> None:
    ran = run("offers", "--check", "--pools")

    assert [line.split()[2] for line in ran.lines[1:]] == ["1", "1"]


def test_programs_are_told_of_pools_always(run: Run) -> None:
    north = run("offers", "--json").told[0]

    pool, threads = north["pool"], north["threads"]
    assert isinstance(pool, dict)
    assert isinstance(threads, dict)
    assert (pool["of"], pool["max_size"], pool["leases"]) == ("this process", 10, [])
    assert threads["max_concurrent"] == 16


def test_an_offer_is_measured_and_left_as_it_was(run: Run, tmp_path: Path) -> None:
    before = sorted(path for path in (tmp_path / "offers/north").rglob("*") if path.is_file())

    ran = run("bench", "pool", "north", "--up-to", "3", "--seconds", "0.1", "--size", "10")

    assert ran.status == 0
    assert [line.split()[0] for line in ran.lines[1:4]] == ["1", "2", "3"]
    assert "recommended: max_size = " in ran.lines[4]
    assert "all of them were deleted" in ran.err
    after = sorted(path for path in (tmp_path / "offers/north").rglob("*") if path.is_file())
    assert after == before
    assert run("audit").status == 0


def test_programs_are_told_each_step_and_the_recommendation(run: Run) -> None:
    ran = run("bench", "pool", "north", "--up-to", "2", "--seconds", "0.1", "--json")

    steps = ran.told[:-1]
    assert [step["connections"] for step in steps] == [1, 2]
    assert all(step["failures"] == step["left"] == 0 for step in steps)
    assert all(isinstance(step["put_p99"], float) for step in steps)
    assert ran.summary["recommended"] in (1, 2)


def test_an_offer_that_is_away_is_not_measured(run: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "offers/north")

    ran = run("bench", "pool", "north", "--seconds", "0.1")

    assert ran.status == 6
    assert "is its disk mounted?" in ran.err


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["nort"], 2, "no offer 'nort' is configured; there are: north, south"),
        (["north", "--up-to", "0"], 4, "at least one connection"),
        (["north", "--seconds", "0"], 4, "needs some time"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    run: Run, words: list[str], status: int, told: str
) -> None:
    ran = run("bench", "pool", *words)

    assert ran.status == status
    assert told in ran.err
