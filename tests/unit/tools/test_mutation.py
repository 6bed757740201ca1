"""Mutants are made of every function and of nothing else; the kit finds a sample of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutation import EXCUSED, every_mutant, excuse, excuses
from tools.mutation_operators import Mutant, mutants_of, mutated
from tools.mutation_targets import TARGETS

SOURCE = '''
LIMIT = 10

class Box:
    size: int = 3

    def put(self, count: int, most: "int | None" = None) -> bool:
        """A docstring."""
        if count > LIMIT or not count:
            raise ValueError(f"{count + 1} is too many")
        self.size = count + 1
        return True

    def __repr__(self) -> str:
        return "x" + "y"
'''


@pytest.fixture
def box(tmp_path: Path) -> list[Mutant]:
    (tmp_path / "box.py").write_text(SOURCE)
    return mutants_of("box", tmp_path)


def test_operators_steps_and_flags_are_mistaken(box: list[Mutant]) -> None:
    assert [f"{one.was} => {one.now}" for one in box] == [
        "count > LIMIT or not count => count > LIMIT and (not count)",
        "count > LIMIT => count >= LIMIT",
        "not count => count",
        "raise ValueError(f'{count + 1} is too many') => pass",
        "self.size = count + 1 => pass",
        "count + 1 => count - 1",
        "1 => 2",
        "True => False",
    ]


def test_a_mutant_has_one_mistake(box: list[Mutant], tmp_path: Path) -> None:
    original = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in box:
        changed = ast.unparse(mutated(mutant, tmp_path)).splitlines()

        assert sum(a != b for a, b in zip(original, changed, strict=True)) == 1, mutant


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_mutant_of_a_driver_can_be_compiled(target: object) -> None:
    (found,) = [one for one in TARGETS if one is target]
    for mutant in every_mutant(found):
        compile(mutated(mutant, Path("src")), "mutant", "exec")


def test_every_excuse_is_of_a_mutant_that_there_is() -> None:
    mutants = [mutant for target in TARGETS for mutant in every_mutant(target)]
    excused = [mutant for mutant in mutants if excuse(mutant)]

    assert len(excused) >= len(excuses()) > 0, f"look through {EXCUSED.name}"


@pytest.mark.slow
def test_the_kit_finds_what_is_drawn() -> None:
    """Few are drawn, so that one more or less is ten percent; `make conformance` tries them all."""
    command = [sys.executable, "-m", "tools.mutation", "--only", "memory", "--sample", "12"]

    done = subprocess.run(
        [*command, "--goal", "0.75", "--survivors", "--jobs", "2"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
