"""Fetching into a file: whole and verified under its name, or nothing there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coffre.contract import ObjectNotFoundError, SourceError
from coffre.engine import NoReadableCopyError
from tests.unit.engine.support import CHARTER, LARGE, House, ref

SIZES = pytest.mark.parametrize("data", [b"", CHARTER, LARGE], ids=["empty", "small", "large"])


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "charter.txt"


@SIZES
def test_a_file_has_the_bytes_of_the_object(house: House, target: Path, data: bytes) -> None:
    house.engine.put(data, ref())

    reader = house.engine.fetch(ref(), target)

    assert target.read_bytes() == data
    assert reader.offer == "north"
    assert os.listdir(target.parent) == [target.name]


def test_a_file_has_the_rights_of_any_new_file(house: House, target: Path) -> None:
    house.engine.put(CHARTER, ref())
    house.engine.fetch(ref(), target)
    other = target.with_name("other")
    other.touch()

    assert target.stat().st_mode == other.stat().st_mode


@SIZES
def test_a_bad_copy_leaves_no_byte_in_the_file(house: House, target: Path, data: bytes) -> None:
    house.engine.put(data, ref())
    house.memory["north"].damage(ref(), b"x" * 5_000_000)

    house.engine.fetch(ref(), target)

    assert target.read_bytes() == data


def test_without_a_good_copy_there_is_no_file(house: House, target: Path) -> None:
    house.engine.put(LARGE, ref())
    for name in ("north", "south"):
        house.memory[name].damage(ref())

    with pytest.raises(NoReadableCopyError):
        house.engine.fetch(ref(), target)

    assert os.listdir(target.parent) == []


def test_a_file_that_exists_stays_unless_it_may_be_overwritten(house: House, target: Path) -> None:
    house.engine.put(CHARTER, ref())
    target.write_bytes(b"mine")

    with pytest.raises(SourceError, match="exists"):
        house.engine.fetch(ref(), target)
    assert target.read_bytes() == b"mine"

    house.engine.fetch(ref(), target, overwrite=True)
    assert target.read_bytes() == CHARTER
    assert os.listdir(target.parent) == [target.name]


def test_a_failed_fetch_leaves_the_file_that_was_to_be_overwritten(
    house: House, target: Path
) -> None:
    house.engine.put(CHARTER, ref())
    house.down("north", "south")
    target.write_bytes(b"mine")

    with pytest.raises(NoReadableCopyError):
        house.engine.fetch(ref(), target, overwrite=True)

    assert target.read_bytes() == b"mine"
    assert os.listdir(target.parent) == [target.name]


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    house: House, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.engine.put(CHARTER, ref())
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    target.write_bytes(b"mine")

    with pytest.raises(SourceError, match="File exists"):
        house.engine.fetch(ref(), target)

    assert target.read_bytes() == b"mine"


def test_a_file_system_without_links_will_do(
    house: House, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    house.engine.put(CHARTER, ref())
    monkeypatch.setattr(os, "link", refuse)

    house.engine.fetch(ref(), target)

    assert target.read_bytes() == CHARTER
    assert os.listdir(target.parent) == [target.name]


def test_a_directory_that_is_not_there_is_a_clear_error(house: House, tmp_path: Path) -> None:
    house.engine.put(CHARTER, ref())

    with pytest.raises(SourceError, match="No such file or directory"):
        house.engine.fetch(ref(), tmp_path / "gone" / "charter.txt")


def test_what_is_not_stored_leaves_no_file(house: House, target: Path) -> None:
    with pytest.raises(ObjectNotFoundError):
        house.engine.fetch(ref(), target)

    assert os.listdir(target.parent) == []
