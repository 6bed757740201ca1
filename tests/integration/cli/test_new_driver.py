"""What ``coffre new-driver`` writes is content with itself: types, style, packaging, tests.

Everything runs in child processes, as at a provider's, in an environment that fetches nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from coffre.cli.main import main
from tests.docs.overlay import OFFLINE, make_overlay

HOUSE = Path(__file__).parents[3] / "pyproject.toml"
LONGEST = "abcdefghijklmnopqrstuvwx"


class Project:
    """A project that was just written, and commands that are run in it."""

    def __init__(self, directory: Path, commands: Path) -> None:
        self.directory = directory
        self.environment = os.environ | OFFLINE | {"PATH": f"{commands}:{os.environ['PATH']}"}

    def __call__(self, *words: str) -> str:
        """What a command prints.

        Raises:
            AssertionError: it failed.
        """
        done = subprocess.run(
            words,
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def project(name: str, place: Path) -> Project:
    directory = place / "project"
    assert main(["new-driver", name, "--quiet", "--directory", str(directory)]) == 0
    return Project(directory, make_overlay(place / "environment"))


@pytest.mark.parametrize("name", ["x", "tape-library", LONGEST, "a-b-c-d-e-f-g-h-i-j-k-l"])
def test_a_new_driver_is_in_order_whatever_its_name(name: str, tmp_path: Path) -> None:
    run = project(name, tmp_path)

    run("ruff", "check", "--no-cache")
    run("ruff", "format", "--check", "--no-cache")


def test_a_new_driver_has_the_style_of_the_house(tmp_path: Path) -> None:
    run = project("tape-library", tmp_path)

    src = f"src=[{str(run.directory / 'src')!r}]"
    run("ruff", "check", "--no-cache", "--config", str(HOUSE), "--config", src, "src")


@pytest.mark.slow
def test_a_new_driver_is_typed_strictly(tmp_path: Path) -> None:
    assert "no issues found" in project("tape-library", tmp_path)("mypy")


@pytest.mark.slow
def test_a_new_driver_is_installed_and_passes_its_tests(tmp_path: Path) -> None:
    run = project("tape-library", tmp_path)

    run("pip", "install", "--quiet", "--editable", ".[test]")
    assert "Objects on a tape-library service" in run("coffre", "drivers", "tape-library")
    said = run("pytest", "--quiet", "-p", "no:cacheprovider", "-p", "no:xdist")

    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) > 300
