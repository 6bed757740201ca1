"""Things that are not objects, and ways out of the root: never followed, never taken for one."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from coffre.contract import (
    DeleteRequest,
    DigestAlgorithm,
    GetRequest,
    ObjectCorruptError,
    QuarantineRequest,
    StatRequest,
)
from coffre.drivers.filesystem import FilesystemConnection
from coffre.tree import place_of
from tests.unit.drivers.filesystem.conftest import connect, names_in, read, ref_of, store


def link_to_secret(path: Path) -> None:
    secret = path.parents[3].with_name("secret")
    secret.write_bytes(b"secret")
    path.symlink_to(secret)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's path is short
        listener.bind(path.name)
        os.chdir(here)


INTRUDERS: list[Callable[[Path], None]] = [
    link_to_secret,
    lambda path: path.mkdir(),
    lambda path: os.mkfifo(path),
    bound_socket,
    lambda path: path.symlink_to(path.with_name("nowhere")),
]


@pytest.mark.parametrize("intrude", INTRUDERS, ids=["link", "folder", "fifo", "socket", "dangling"])
def test_what_is_not_a_file_is_not_an_object(
    root: Path, connection: FilesystemConnection, intrude: Callable[[Path], None]
) -> None:
    store(connection, "a")
    path = root / place_of(ref_of("a")).path
    path.unlink()
    intrude(path)

    for ask in (
        lambda: connection.get(GetRequest(ref=ref_of("a"))),
        lambda: connection.stat(StatRequest(ref=ref_of("a"), digest=DigestAlgorithm.MD5)),
        lambda: store(connection, "a"),
    ):
        with pytest.raises(ObjectCorruptError, match="stands where the object should be"):
            ask()
    assert names_in(connection) == ["a"], "an audit must come across it"


def test_an_intruder_can_be_set_aside(root: Path, connection: FilesystemConnection) -> None:
    store(connection, "a")
    path = root / place_of(ref_of("a")).path
    path.unlink()
    link_to_secret(path)

    aside = connection.quarantine(QuarantineRequest(ref=ref_of("a"), reason="intruder"))

    assert Path(aside.place).is_symlink()
    assert store(connection, "a").size == 10


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_folder_that_leads_out_of_the_root_is_not_followed(
    root: Path, tmp_path: Path, level: int
) -> None:
    with connect(root) as connection:
        store(connection, "other")
    outside = tmp_path / "outside"
    outside.mkdir()
    way = Path(*place_of(ref_of("a")).path.split("/")[:level])
    link = root / "1" / Path(*way.parts[1:]) if level > 1 else root / "1"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside, target_is_directory=True)
    ref = ref_of("a", tenant=1)

    with connect(root) as connection:
        for ask in (
            lambda: connection.get(GetRequest(ref=ref)),
            lambda: connection.delete(DeleteRequest(ref=ref)),
            lambda: connection.stat(StatRequest(ref=ref)),
        ):
            with pytest.raises(ObjectCorruptError):
                ask()
    assert list(outside.iterdir()) == []


def test_a_put_does_not_follow_a_folder_out_of_the_root(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with connect(root) as connection:
        store(connection, "first")
        folder = root / place_of(ref_of("a")).folder
        folder.symlink_to(outside, target_is_directory=True)
        with pytest.raises(ObjectCorruptError):
            store(connection, "a")
    assert list(outside.iterdir()) == []


def test_folders_removed_by_somebody_tidy_are_made_again(
    root: Path, connection: FilesystemConnection
) -> None:
    store(connection, "a")
    path = root / place_of(ref_of("a")).path
    path.unlink()
    for folder in path.parents[:3]:
        folder.rmdir()
    (root / ".coffre" / "parts").rmdir()

    assert not store(connection, "a").already_there
    assert read(connection, "a") == b"some bytes"
