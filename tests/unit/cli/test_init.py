"""``coffre init``: something to begin with, and never in the place of something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coffre.cli.main import main


def test_init_makes_a_configuration_and_says_what_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "new"), "--json"]) == 0

    said = capsys.readouterr()
    assert json.loads(said.out)["made"][0] == str(tmp_path / "new" / "coffre.toml")
    assert (tmp_path / "new" / "coffre.toml").exists()
    assert "coffre put" in said.err


def test_init_leaves_a_configuration_that_is_there_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "coffre.toml").write_text("mine")

    assert main(["init", str(tmp_path)]) == 2

    assert (tmp_path / "coffre.toml").read_text() == "mine"
    assert "[configuration]" in capsys.readouterr().err
