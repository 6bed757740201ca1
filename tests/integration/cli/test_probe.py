"""``coffre offers --check --probe`` over two directories: tried, recorded, shown, cleaned up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coffre.cli.main import main


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("coffre.probe.settings.ProbeSettings.__init__", quick())
    assert main(["init", "--quiet"]) == 0
    return tmp_path


def quick() -> Callable[..., None]:
    """A probe with a short listing and small parts: the usual one flushes two thousand times."""
    from coffre.probe.settings import ProbeSettings

    usual = ProbeSettings.__init__

    def short(self: ProbeSettings, **named: object) -> None:
        small = {"page": 20, "retain": 0.05, "part_size": 2_000_000}
        usual(self, **{**small, **{name: value for name, value in named.items() if value}})  # type: ignore[arg-type]

    return short


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def files(place: Path) -> set[str]:
    """Every file of an offer but what a quarantine keeps."""
    return {
        str(path.relative_to(place))
        for path in place.rglob("*")
        if path.is_file() and "quarantine" not in path.parts
    }


def test_each_offer_is_tried_and_shown_side_by_side(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["offers", "--check", "--probe"]) == 0

    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0] == ["GUARANTEE", "north", "south"]
    assert ["put.conflict", "proved", "proved"] in lines
    assert ["create-only", "proved", "proved"] in lines
    assert lines[-1][0] == "probed"
    assert max(map(len, said.out.splitlines())) <= 80
    assert "north: left on the offer: what was set aside" in said.err


def test_nothing_is_left_but_what_is_said(archive: Path) -> None:
    before = {name: files(archive / "offers" / name) for name in ("north", "south")}

    main(["offers", "--check", "--probe", "--quiet"])

    after = {name: files(archive / "offers" / name) for name in ("north", "south")}
    assert {name: sorted(after[name] - before[name]) for name in after} == {
        "north": [],
        "south": [],
    }


def test_the_record_is_told_as_json_by_every_later_command(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["offers", "--check", "--probe", "--json"])
    first = told(capsys)
    main(["offers", "--json"])
    later = told(capsys)

    assert [line["standing"] for line in first] == ["proved", "proved"]
    for one, other in zip(first, later, strict=True):
        assert one["guarantees"] == other["guarantees"]
        assert one["probed"] == other["probed"] is not None
    (conflict,) = (one for one in later[0]["guarantees"] if one["name"] == "put.conflict")  # type: ignore[attr-defined]
    assert conflict == {
        "name": "put.conflict",
        "state": "proved",
        "effective": True,
        "at": later[0]["probed"],
        "trial": None,
        "why": None,
    }


def test_an_offer_that_was_never_probed_is_named_when_it_is_checked(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["offers", "--check"]) == 0
    said = capsys.readouterr()
    assert "not probed: north and south; coffre offers --check --probe tries" in said.err
    assert said.out.splitlines()[1].endswith("declared")

    main(["offers", "--check", "--probe", "--only", "north"])
    capsys.readouterr()
    main(["offers", "--check"])
    said = capsys.readouterr()
    assert "not probed: south;" in said.err
    assert said.out.splitlines()[1].endswith("proved")


def test_an_offer_that_is_away_stops_no_other(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (archive / "offers/north").rename(archive / "offers/unmounted")

    status = main(["offers", "--probe"])

    said = capsys.readouterr()
    assert status == 1
    assert "north could not be probed: " in said.err
    assert ["put.whole", "declared", "proved"] in [line.split() for line in said.out.splitlines()]


def test_an_offer_that_must_be_proved_takes_nothing_before(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration = archive / "coffre.toml"
    text = configuration.read_text()
    place = "[offers.north]\n"
    assert place in text
    configuration.write_text(text.replace(place, place + 'require_proved = ["create-only"]\n'))
    (archive / "a.txt").write_text("x")

    assert main(["put", "a.txt"]) == 5
    assert "create-only must be proved" in capsys.readouterr().err
    main(["offers", "--check"])
    assert "north takes no puts: create-only must be proved" in capsys.readouterr().err
    main(["offers", "--probe", "--only", "north"])
    assert main(["put", "a.txt"]) == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--probe", "--part-size", "much"], "is no size"),
        (["--probe", "--part-size", "0"], "is no size"),
        (["--only", "west"], "no offer 'west' is configured"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    archive: Path, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    assert main(["offers", *words]) == 2
    assert why in capsys.readouterr().err


def test_the_trials_are_not_loaded_until_they_are_run(archive: Path) -> None:
    """Whoever stores an object does not wait for the conformance kit to be imported."""
    script = (
        "import sys\nfrom coffre.cli.main import main\nmain(['offers', '--json'])\n"
        "assert not [name for name in sys.modules if name.startswith('coffre.conformance')]\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)

    assert ran.returncode == 0, ran.stderr.decode()
