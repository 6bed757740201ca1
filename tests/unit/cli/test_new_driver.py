"""``coffre new-driver``: a whole project under a good name, or nothing and the reason."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from coffre.cli.errors import UsageError
from coffre.cli.main import main
from coffre.cli.scaffold import DriverName, project_files
from coffre.contract import CONTRACT_VERSION

PIECES = {
    ".github/workflows/ci.yml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "src/coffre_tape_library/__init__.py",
    "src/coffre_tape_library/driver.py",
    "src/coffre_tape_library/py.typed",
    "tests/test_conformance.py",
    "tests/toy_service.py",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_below(directory: Path) -> set[str]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix() for path in found}


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["s", "s3", "shelf", "tape-library", "a1-2", "x" * 24])
def test_a_name_in_lower_case_is_allowed(name: str) -> None:
    assert str(DriverName(name)) == name


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Shelf", "shelf"),
        ("tape_library", "tape-library"),
        ("3par", "par"),
        ("-x", "x"),
        ("x-", "x"),
        ("a--b", "a-b"),
        ("coffre shelf", "shelf"),
        ("../up", "up"),
        ("x" * 25, "x" * 24),
        ("shelf\n", "shelf"),
        ("étagère", "tag-re"),
    ],
)
def test_another_name_is_refused_and_one_that_is_near_is_proposed(name: str, near: str) -> None:
    with pytest.raises(UsageError, match=rf"; try '{near}'$"):
        DriverName(name)


@pytest.mark.parametrize("name", ["", "42", "--", "書"])
def test_a_name_of_which_nothing_is_left_is_refused_without_a_proposal(name: str) -> None:
    with pytest.raises(UsageError, match=r"at most$"):
        DriverName(name)


def test_names_of_classes_and_packages_are_made_of_it() -> None:
    name = DriverName("tape-library")

    assert (name.project, name.package) == ("coffre-tape-library", "coffre_tape_library")
    assert name.words == "TapeLibrary"


@pytest.mark.parametrize("name", ["filesystem", "memory"])
def test_the_name_of_an_installed_driver_is_refused(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-driver", name]) == 2

    assert "is installed already, by coffre" in capsys.readouterr().err
    assert not files_below(here)


# --- what is written -----------------------------------------------------------------------------


def test_a_project_is_written_and_the_next_step_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-driver", "tape-library", "--json"]) == 0

    said = capsys.readouterr()
    told = json.loads(said.out)
    assert files_below(here / "coffre-tape-library") == set(told["made"]) >= PIECES
    assert told["directory"] == "coffre-tape-library"
    assert "next: cd coffre-tape-library" in said.err


def test_a_project_is_written_where_it_is_wanted(here: Path) -> None:
    assert main(["new-driver", "shelf", "--directory", "my driver"]) == 0

    assert (here / "my driver" / "pyproject.toml").exists()
    assert [path.name for path in here.iterdir()] == ["my driver"]


def test_no_template_has_a_gap_left() -> None:
    for path, text in project_files(DriverName("shelf")).items():
        left = text.replace("${{ matrix.python }}", "")
        assert "$" not in left, path
        assert ".template" not in path


def test_the_project_announces_its_driver_and_was_written_for_this_contract() -> None:
    files = project_files(DriverName("tape-library"))

    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["entry-points"] == {
        "coffre.drivers": {"tape-library": "coffre_tape_library:TapeLibraryDriver"}
    }
    assert "license" not in project  # theirs to choose, and LICENSE says so
    assert "No licence has been chosen" in files["LICENSE"]
    major, minor = CONTRACT_VERSION
    driver = files["src/coffre_tape_library/driver.py"]
    assert f"contract = Version({major}, {minor})" in driver


def test_a_driver_needs_the_contract_and_the_streams_alone() -> None:
    for path, text in project_files(DriverName("shelf")).items():
        if path.startswith("src/"):
            rooms = set(re.findall(r"^(?:from|import) (coffre\b[\w.]*)", text, re.MULTILINE))
            assert rooms <= {"coffre.contract", "coffre.streams"}, path
        assert len(text.splitlines()) <= 300, path


# --- what is refused -----------------------------------------------------------------------------


def test_a_directory_that_is_there_stays_as_it_is(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "coffre-shelf").mkdir()

    assert main(["new-driver", "shelf"]) == 2

    assert "stays as it is: name another place with --directory" in capsys.readouterr().err
    assert not files_below(here)


def test_a_link_to_nowhere_is_something_that_is_there(here: Path) -> None:
    (here / "coffre-shelf").symlink_to("nowhere")

    assert main(["new-driver", "shelf"]) == 2

    assert os.readlink(here / "coffre-shelf") == "nowhere"


def test_a_place_that_is_not_there_is_not_made(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-driver", "shelf", "--directory", "no/such/place"]) == 2

    assert "there is no directory no/such: make it first" in capsys.readouterr().err
    assert not list(here.iterdir())


@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_disk_that_is_full_leaves_nothing(
    after: int, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = Path.write_text
    written: list[Path] = []

    def write_some(path: Path, *args: str, **more: str) -> int:
        if len(written) == after:
            raise OSError(28, "No space left on device")
        written.append(path)
        return write(path, *args, **more)

    monkeypatch.setattr(Path, "write_text", write_some)

    assert main(["new-driver", "shelf"]) == 1

    assert "cannot be written: No space left on device" in capsys.readouterr().err
    assert not list(here.iterdir())


def test_what_appears_at_the_last_moment_is_not_overwritten(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        target.mkdir()
        (target / "mine").write_text("mine")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)

    assert main(["new-driver", "shelf"]) == 1

    assert files_below(here) == {"coffre-shelf/mine"}
