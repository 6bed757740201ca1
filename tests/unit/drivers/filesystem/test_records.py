"""Records: with their object wherever it goes, never with another one's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from coffre.contract import (
    NO_METADATA,
    DeleteRequest,
    Digest,
    DigestAlgorithm,
    GetRequest,
    PutRequest,
    QuarantineRequest,
    StatRequest,
    StatResult,
)
from coffre.drivers.filesystem import FilesystemConnection, reading
from coffre.streams import BytesContent
from coffre.tree import RECORD_ATTRIBUTE, place_of, record_place
from tests.unit.drivers.filesystem.conftest import connect, read, ref_of, request_of, store

BOTH = pytest.mark.parametrize("records", ["auto", "sidecar"])


def stat(connection: FilesystemConnection, name: str = "a") -> StatResult:
    return connection.stat(StatRequest(ref=ref_of(name)))


def object_path(root: Path, name: str = "a") -> Path:
    return root / place_of(ref_of(name)).path


def sidecar_path(root: Path, name: str = "a") -> Path:
    return root / record_place(place_of(ref_of(name))).path


def sha512(data: bytes) -> Digest:
    return DigestAlgorithm.SHA512.of(data)


@BOTH
def test_the_record_is_where_it_was_asked_to_be(root: Path, records: str) -> None:
    with connect(root, records=records) as connection:
        connection.put(request_of("a", metadata={"name": "A"}))
        assert stat(connection).metadata == {"name": "A"}

    has_attribute = RECORD_ATTRIBUTE in os.listxattr(object_path(root))
    assert (has_attribute, sidecar_path(root).exists()) == (
        records == "auto",
        records == "sidecar",
    )


def test_a_record_too_long_for_an_attribute_goes_beside(
    root: Path, connection: FilesystemConnection
) -> None:
    metadata = {"name": "\n" * 8000, "more": "é" * 4000}
    connection.put(request_of("a", metadata=metadata))

    assert stat(connection).metadata == metadata
    assert stat(connection).recorded == sha512(b"some bytes")


@BOTH
def test_a_replaced_object_has_the_new_record(root: Path, records: str) -> None:
    with connect(root, records=records) as connection:
        connection.put(request_of("a", b"old", metadata={"v": "1"}))
        connection.put(request_of("a", b"newer", metadata={"v": "2"}, replace=True))

        assert stat(connection).recorded == sha512(b"newer")
        assert stat(connection).metadata == {"v": "2"}


def test_a_long_record_gives_way_to_a_short_one(
    root: Path, connection: FilesystemConnection
) -> None:
    connection.put(request_of("a", b"old", metadata={"v": "\n" * 8000}))
    connection.put(request_of("a", b"newer", replace=True))

    assert stat(connection).metadata == {}
    assert not sidecar_path(root).exists()


@BOTH
def test_nothing_is_left_of_the_record_of_a_deleted_object(root: Path, records: str) -> None:
    with connect(root, records=records) as connection:
        connection.put(request_of("a", b"first", metadata={"v": "1"}))
        connection.delete(DeleteRequest(ref=ref_of("a")))
        assert not sidecar_path(root).exists()

        store(connection, "a", b"second")
        assert stat(connection).recorded == sha512(b"second")
        assert stat(connection).metadata == {}


def test_the_record_of_an_object_that_is_gone_is_never_another_ones(root: Path) -> None:
    with connect(root, records="sidecar") as connection:
        store(connection, "a", b"first")
        object_path(root).unlink()  # as after a cut between two steps, long ago
        assert sidecar_path(root).exists()

        # A longer record than the old one cannot be what is read here.
        store(connection, "a", b"second")
        assert stat(connection).recorded == sha512(b"second")

        connection.delete(DeleteRequest(ref=ref_of("a")))
        sidecar_path(root).write_bytes(b"left by a cut")
    with connect(root, records="auto") as connection:
        store(connection, "a", b"third")
        assert stat(connection).recorded == sha512(b"third")


@BOTH
def test_an_object_without_a_record_is_read_and_gets_one_when_it_is_put_again(
    root: Path, records: str
) -> None:
    with connect(root, records=records) as connection:
        store(connection, "a")
        if records == "auto":
            os.removexattr(object_path(root), RECORD_ATTRIBUTE)
        else:
            sidecar_path(root).unlink()
        assert read(connection, "a") == b"some bytes"
        assert stat(connection).recorded is None
        assert stat(connection).stored_at is not None

        assert store(connection, "a").already_there
        assert stat(connection).recorded == sha512(b"some bytes")


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b"x" * 300, b'{"record":99}'])
def test_an_object_whose_record_is_damaged_is_read_all_the_same(
    root: Path, connection: FilesystemConnection, damage: bytes
) -> None:
    store(connection, "a")
    os.setxattr(object_path(root), RECORD_ATTRIBUTE, damage)

    assert read(connection, "a") == b"some bytes"
    assert stat(connection).recorded is None


def test_a_record_copied_to_another_name_is_not_believed(
    root: Path, connection: FilesystemConnection
) -> None:
    store(connection, "a", b"aaa")
    store(connection, "b", b"bbb")
    os.setxattr(
        object_path(root, "b"),
        RECORD_ATTRIBUTE,
        os.getxattr(object_path(root, "a"), RECORD_ATTRIBUTE),
    )

    assert stat(connection, "b").recorded is None


def test_putting_the_same_again_does_not_change_what_was_recorded(
    connection: FilesystemConnection,
) -> None:
    connection.put(request_of("a", metadata={"name": "first"}))
    again = PutRequest(
        ref=ref_of("a"),
        content=BytesContent(b"some bytes"),
        size=10,
        algorithm=DigestAlgorithm.SHA256,
        metadata={"name": "second"},
    )

    assert connection.put(again).already_there
    assert stat(connection).recorded == sha512(b"some bytes")
    assert stat(connection).metadata == {"name": "first"}


@BOTH
def test_what_is_set_aside_keeps_its_record_and_says_why(root: Path, records: str) -> None:
    with connect(root, records=records) as connection:
        for data in (b"first", b"second"):
            store(connection, "a", data)
            found = connection.quarantine(QuarantineRequest(ref=ref_of("a"), reason="été: bad"))
            aside = Path(found.place)
            assert (aside.read_bytes(), found.size) == (data, len(data))
            reason = json.loads((aside.parent / "+reason.json").read_text())
            assert (reason["ref"], reason["reason"]) == ("0/object/a", "été: bad")
            record = (
                os.getxattr(aside, RECORD_ATTRIBUTE)
                if records == "auto"
                else (aside.parent / "+record.json").read_bytes()
            )
            assert json.loads(record)["digest"] == str(sha512(data))
    assert len(list((root / ".coffre/quarantine/0/object").iterdir())) == 2


def test_a_record_is_not_read_for_who_wants_the_bytes_alone(
    connection: FilesystemConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.put(request_of("a", metadata={"name": "A"}))
    asked: list[str] = []
    monkeypatch.setattr(reading, "read_record", lambda *_: asked.append("record"))

    with connection.get(GetRequest(ref=ref_of("a"), describe=False)) as found:
        assert found.stream.read() == b"some bytes"

    assert asked == []
    assert (found.metadata, found.recorded) == (NO_METADATA, None)
