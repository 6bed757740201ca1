"""The house has floors: a room imports from itself or from below, and the ground floor from nobody.

import-linter checks most of this too (pyproject.toml). This file needs only pytest, also sees
imports inside functions, and says in one sentence what to do.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "coffre"

FLOOR = {
    "contract": 0,
    "streams": 1,
    "http": 2,
    "seal": 2,
    "tree": 2,
    "wire": 2,
    "drivers": 3,
    "pool": 3,
    "conformance": 3,
    "testing": 3,
    "offer": 4,
    "probe": 4,
    "engine": 5,
    "manager": 5,
    "config": 6,
    "server": 7,
    "cli": 8,
    "__main__": 9,
    "__init__": 9,  # the front door may re-export from anywhere
}

STANDARD_LIBRARY_ONLY = {"contract", "streams"}

KNOWN_TO_ONE_ROOM = {"pycurl": "http", "sqlalchemy": "engine", "rich": "cli"}
"""Libraries that stay behind a room of ours: what they surprise with is met in one place."""

LONGEST_MODULE = 300
"""Lines. A longer module tells two stories: give the second one its own file."""


@dataclass(frozen=True)
class Import:
    """One import statement's target, as a dotted name, and where it stands."""

    target: str
    path: Path
    line: int

    @property
    def package(self) -> str:
        return self.target.split(".")[0]

    @property
    def room(self) -> str:
        """Room of ours that is imported; ``__init__`` for the front door itself."""
        parts = self.target.split(".")
        return parts[1] if len(parts) > 1 and parts[1] in FLOOR else "__init__"

    def __str__(self) -> str:
        return f"{self.path.relative_to(SOURCE.parent)}:{self.line}: imports {self.target}"


def room_of(path: Path, root: Path = SOURCE) -> str:
    return path.relative_to(root).parts[0].removesuffix(".py")


def imports_of(path: Path, root: Path = SOURCE) -> Iterator[Import]:
    """Every import of a module, at any depth of its code, with dots resolved."""
    here = ["coffre", *path.relative_to(root).with_suffix("").parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, path, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = here[: -node.level] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                yield Import(f"{module}.{alias.name}", path, node.lineno)


MODULES = sorted(SOURCE.rglob("*.py"))
IMPORTS = [found for path in MODULES for found in imports_of(path)]


def test_every_room_has_a_floor() -> None:
    homeless = {room_of(path) for path in MODULES} - FLOOR.keys()

    assert not homeless, f"give each a floor here and in pyproject.toml: {sorted(homeless)}"


def climbs(found: Import) -> bool:
    """Whether an import leaves its room for another that is not below."""
    room = room_of(found.path)
    if found.package != "coffre" or found.room == room:
        return False
    if found.target == "coffre.__version__":  # a constant, known before any room is entered
        return False
    return FLOOR[found.room] >= FLOOR[room]


def test_imports_only_go_down() -> None:
    upward = [str(found) for found in IMPORTS if climbs(found)]

    assert not upward, "\n".join(["move what is shared to a lower floor:", *upward])


def test_the_ground_floors_import_the_standard_library_only() -> None:
    allowed = sys.stdlib_module_names | {"coffre"}
    foreign = [
        str(found)
        for found in IMPORTS
        if room_of(found.path) in STANDARD_LIBRARY_ONLY and found.package not in allowed
    ]

    assert not foreign, "\n".join(foreign)


def test_a_library_stays_in_the_room_that_tames_it() -> None:
    elsewhere = [
        str(found)
        for found in IMPORTS
        if room_of(found.path) != KNOWN_TO_ONE_ROOM.get(found.package, room_of(found.path))
    ]

    assert not elsewhere, "\n".join(["ask the room that knows it:", *elsewhere])


def test_nobody_imports_the_drivers() -> None:
    knowing = [
        str(found)
        for found in IMPORTS
        if found.target.startswith("coffre.drivers") and room_of(found.path) != "drivers"
    ]

    assert not knowing, "\n".join(["drivers are found by entry point:", *knowing])


def driver_of(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[2] if parts[:2] == ["coffre", "drivers"] and len(parts) > 2 else None


def test_drivers_do_not_know_each_other() -> None:
    nosy = []
    for found in IMPORTS:
        if room_of(found.path) != "drivers":
            continue
        own = found.path.relative_to(SOURCE).with_suffix("").parts[1]
        if driver_of(found.target) not in {None, own}:
            nosy.append(str(found))

    assert not nosy, "\n".join(["what two drivers share belongs to `tree` or `wire`:", *nosy])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_tells_one_story(path: Path) -> None:
    length = len(path.read_text(encoding="utf-8").splitlines())

    assert length <= LONGEST_MODULE, f"{length} lines; split it: at most {LONGEST_MODULE}"


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        ("import coffre.cli.main", "coffre.cli.main"),
        ("from coffre import cli", "coffre.cli"),
        ("from coffre.cli import main", "coffre.cli.main"),
        ("from ..cli import main", "coffre.cli.main"),
        ("from .. import cli", "coffre.cli"),
        ("def late():\n    import coffre.cli", "coffre.cli"),
    ],
)
def test_no_way_of_writing_an_import_hides_it(tmp_path: Path, statement: str, target: str) -> None:
    module = tmp_path / "offer" / "offer.py"
    module.parent.mkdir()
    module.write_text(statement, encoding="utf-8")

    assert [found.target for found in imports_of(module, tmp_path)] == [target]
