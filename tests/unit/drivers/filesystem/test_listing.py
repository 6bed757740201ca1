"""Listings: bytewise order, whatever lies about, in the memory of one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.contract import ContainersRequest, DeleteRequest, ListRequest, OfferUnavailableError
from coffre.drivers.filesystem import FilesystemConnection
from coffre.tree import place_of, shard_of, sorting
from tests.unit.drivers.filesystem.conftest import connect, names_in, ref_of, store

MANY = [f"{letter}{number}" for number in range(120) for letter in "aZ_-"]


@pytest.fixture
def filled(root: Path) -> FilesystemConnection:
    connection = connect(root, flush=False)
    for name in MANY:
        store(connection, name, b"x" * (len(name)))
    return connection


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few names at a time that a small container is merged from files."""
    monkeypatch.setattr(sorting, "RUN", 50)


@pytest.mark.usefixtures("short_runs")
def test_a_listing_longer_than_a_run_is_merged_in_order(filled: FilesystemConnection) -> None:
    assert names_in(filled) == sorted(MANY)


@pytest.mark.usefixtures("short_runs")
@pytest.mark.parametrize("limit", [0, 1, 49, 50, 51, 479, 480, 481])
def test_a_limit_around_the_length_of_a_run_is_kept(
    filled: FilesystemConnection, limit: int
) -> None:
    request = ListRequest(tenant=0, container="object", limit=limit)
    with filled.list(request) as found:
        assert [entry.identifier for entry in found] == sorted(MANY)[:limit]
        assert found.complete == (limit >= len(MANY))


@pytest.mark.usefixtures("short_runs")
def test_a_listing_that_is_left_closes_its_files(filled: FilesystemConnection) -> None:
    # A file that is left open is a ResourceWarning, and warnings are errors.
    found = filled.list(ListRequest(tenant=0, container="object"))
    next(found)
    found.close()
    found.close()


def test_what_goes_away_while_it_is_listed_is_left_out(filled: FilesystemConnection) -> None:
    with filled.list(ListRequest(tenant=0, container="object", prefix="a")) as found:
        first = next(found).identifier
        gone = sorted(name for name in MANY if name.startswith("a"))[5]
        filled.delete(DeleteRequest(ref=ref_of(gone)))
        rest = [entry.identifier for entry in found]

    assert gone not in rest
    assert len(rest) == 118
    assert first == "a0"


def test_a_root_that_goes_away_while_it_is_listed_is_not_the_end(
    root: Path, filled: FilesystemConnection
) -> None:
    with filled.list(ListRequest(tenant=0, container="object")) as found:
        next(found)
        root.rename(root.with_name("away"))
        (root.with_name("away") / "0").rename(root.with_name("objects"))
        with pytest.raises(OfferUnavailableError):
            list(found)
        assert not found.complete


def test_what_get_would_not_find_is_not_listed(
    root: Path, connection: FilesystemConnection
) -> None:
    store(connection, "a")
    folder = root / place_of(ref_of("a")).folder
    (folder / ".a.swp").write_bytes(b"an editor's")
    (folder / "a~").write_bytes(b"a backup's")
    (folder / "misplaced").write_bytes(b"of another shard")
    (folder.parent / "zz").mkdir()
    (folder.parent / "zz" / "b").touch()
    (folder.parent / "README").touch()
    assert shard_of("misplaced") != folder.name

    assert names_in(connection) == ["a"]


def test_sizes_are_those_of_the_objects(filled: FilesystemConnection) -> None:
    with filled.list(ListRequest(tenant=0, container="object", after="a99")) as found:
        assert all(entry.size == len(entry.identifier) for entry in found)


def test_containers_are_named_in_order_and_nothing_else(
    root: Path, connection: FilesystemConnection
) -> None:
    store(connection, "a")
    for folder in ("10/report", "2/object", "2/Object", "lost+found/x", "2/.trash", "02/object"):
        (root / folder).mkdir(parents=True)
    (root / "3").touch()

    found = [(each.tenant, each.container) for each in connection.containers(ContainersRequest())]

    assert found == [(0, "object"), (2, "Object"), (2, "object"), (10, "report")]
