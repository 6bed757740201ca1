"""Puts of every size and shape of source, with and without a name for what is being written."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.conformance import DriverConformance
from coffre.contract import (
    BulkPutRequest,
    CoffreError,
    DeleteRequest,
    GetRequest,
    ObjectConflictError,
    ObjectCorruptError,
    PutRequest,
    PutResult,
    SizeMismatchError,
    SourceError,
    SweepRequest,
)
from coffre.drivers.filesystem import FilesystemConnection, bulk, parts, writing
from coffre.drivers.filesystem import root as root_module
from coffre.drivers.filesystem.root import Root
from coffre.streams import BytesContent, Fanout, FileContent, OnceContent, ReadableStream
from coffre.streams.filling import BLOCK, LARGE
from coffre.tree import place_of
from tests.conformance.harnesses import FilesystemHarness
from tests.unit.drivers.filesystem.conftest import (
    connect,
    names_in,
    parameters_of,
    read,
    ref_of,
    request_of,
    store,
)

SIZES = [LARGE - 1, LARGE, LARGE + 1, LARGE + BLOCK, LARGE + BLOCK + 7, 40 << 20]


class Pieces(ReadableStream):
    """A source that gives its bytes in pieces of given lengths, then the rest at once."""

    def __init__(self, data: bytes, *lengths: int) -> None:
        super().__init__()
        self._data = data
        self._lengths = lengths

    def chunks(self) -> Iterator[bytes]:
        at = 0
        for length in (*self._lengths, len(self._data)):
            if self._data[at : at + length]:
                yield self._data[at : at + length]
            at += length


@pytest.mark.parametrize("size", SIZES)
def test_a_large_object_from_a_file_is_stored_whole(
    tmp_path: Path, connection: FilesystemConnection, size: int
) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(4096) * (size // 4096) + b"t" * (size % 4096))
    fan = Fanout(FileContent(source), size, branches=1)
    request = PutRequest(ref=ref_of("a"), content=fan.branches[0], size=size)
    results: list[PutResult] = []
    thread = threading.Thread(target=lambda: results.append(connection.put(request)))

    thread.start()
    digest = fan.run()
    thread.join()

    assert (results[0].size, results[0].digest) == (size, digest)
    assert read(connection, "a") == source.read_bytes()


@pytest.mark.parametrize("lengths", [(), (1,), (1 << 20, 5, BLOCK), (BLOCK,) * 30])
def test_pieces_of_any_length_make_the_same_large_object(
    connection: FilesystemConnection, lengths: tuple[int, ...]
) -> None:
    data = os.urandom(1 << 20) * 9 + b"tail"
    content = OnceContent(Pieces(data, *lengths))

    connection.put(PutRequest(ref=ref_of("a"), content=content, size=len(data)))

    assert read(connection, "a") == data


def test_a_large_object_cut_short_leaves_nothing(
    root: Path, connection: FilesystemConnection
) -> None:
    content = BytesContent(b"x" * LARGE)

    with pytest.raises(SizeMismatchError):
        connection.put(PutRequest(ref=ref_of("a"), content=content, size=LARGE + 1))

    assert names_in(connection) == []
    assert list((root / ".coffre/parts").iterdir()) == []


def test_what_is_not_flushed_is_not_called_durable(root: Path) -> None:
    with connect(root, flush=False) as connection:
        assert not store(connection, "a").durable
    with connect(root) as connection:
        assert store(connection, "a").durable


def test_a_replacement_with_the_same_bytes_changes_nothing(
    root: Path, connection: FilesystemConnection
) -> None:
    store(connection, "a")
    before = (root / place_of(ref_of("a")).path).stat()

    assert connection.put(request_of("a", replace=True)).already_there
    assert (root / place_of(ref_of("a")).path).stat().st_ino == before.st_ino


def test_an_object_that_shrinks_while_it_is_read_is_an_error_and_no_end(
    root: Path, connection: FilesystemConnection
) -> None:
    store(connection, "a", b"x" * (3 << 20))
    for consume in (lambda s: s.read(), lambda s: list(s.chunks())):
        with connection.get(GetRequest(ref=ref_of("a"))) as found:
            os.truncate(root / place_of(ref_of("a")).path, (3 << 20) - 5)
            with pytest.raises(ObjectCorruptError, match="5 bytes before"):
                consume(found.stream)
        os.truncate(root / place_of(ref_of("a")).path, 3 << 20)


# --- bulk ------------------------------------------------------------------------------------


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "TOGETHER", 20)


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize("count", [1, 15, 16, 17, 41])
def test_groups_of_any_number_are_stored(connection: FilesystemConnection, count: int) -> None:
    puts = tuple(request_of(f"o{number}", b"x" * number) for number in range(count))

    outcomes = connection.bulk_put(BulkPutRequest(puts=puts))

    assert all(isinstance(each, PutResult) and each.durable for each in outcomes)
    assert len(names_in(connection)) == count


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize(("flush", "lost"), [(1, range(40)), (2, range(60)), (4, range(40, 60))])
def test_a_flush_that_fails_leaves_nothing_acknowledged_that_it_may_have_been_about(
    connection: FilesystemConnection, monkeypatch: pytest.MonkeyPatch, flush: int, lost: range
) -> None:
    """Bytes of one group, names of the one before, and what was being written meanwhile."""
    flushes: list[int] = []

    def failing(descriptor: int) -> None:
        flushes.append(descriptor)
        if len(flushes) == flush:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Root, "keeps_order", lambda _: False)
    monkeypatch.setattr(bulk, "sync_file_system", failing)
    puts = tuple(request_of(f"o{number}") for number in range(60))

    outcomes = connection.bulk_put(BulkPutRequest(puts=puts))

    refused = [n for n, each in enumerate(outcomes) if isinstance(each, CoffreError)]
    assert refused == list(lost)
    assert len(connection.bulk_put(BulkPutRequest(puts=puts))) == 60
    assert len(names_in(connection)) == 60


def test_a_few_objects_whose_names_cannot_be_flushed_are_not_acknowledged(
    connection: FilesystemConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = place_of(ref_of("o1")).folder
    flush_names = Root.flush_names

    def failing(root: Root, folder: str) -> None:
        if folder == bad:
            raise OSError(errno.EIO, "Input/output error")
        flush_names(root, folder)

    monkeypatch.setattr(Root, "flush_names", failing)
    puts = tuple(request_of(f"o{number}") for number in range(3))
    assert len({place_of(put.ref).folder for put in puts}) == 3

    outcomes = connection.bulk_put(BulkPutRequest(puts=puts))

    assert [isinstance(each, CoffreError) for each in outcomes] == [False, True, False]


@pytest.mark.usefixtures("small_groups")
def test_a_group_is_written_aside_while_the_one_before_is_flushed(
    connection: FilesystemConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_is_read = threading.Event()
    waited: list[bool] = []

    class Telling(BytesContent):
        def open(self) -> ReadableStream:
            second_is_read.set()
            return super().open()

    monkeypatch.setattr(Root, "keeps_order", lambda _: False)
    monkeypatch.setattr(bulk, "sync_file_system", lambda _: waited.append(second_is_read.wait(10)))
    puts = [request_of(f"o{number}") for number in range(40)]
    puts[39] = PutRequest(ref=ref_of("o39"), content=Telling(b"x"), size=1)

    outcomes = connection.bulk_put(BulkPutRequest(puts=puts))

    assert all(isinstance(each, PutResult) for each in outcomes)
    assert waited == [True] * 3


class Unreadable:
    def open(self) -> ReadableStream:
        raise SourceError("the file vanished")


@pytest.mark.parametrize("others", [2, 30])
def test_each_of_many_has_its_own_outcome(connection: FilesystemConnection, others: int) -> None:
    store(connection, "same")
    store(connection, "other", b"other bytes")
    store(connection, "replaced", b"old")
    puts = (
        request_of("same"),
        PutRequest(ref=ref_of("vanished"), content=Unreadable(), size=1),
        request_of("other"),
        request_of("replaced", replace=True),
        *(request_of(f"new{number}") for number in range(others)),
    )

    outcomes = connection.bulk_put(BulkPutRequest(puts=puts))

    codes = [each.code if isinstance(each, CoffreError) else "stored" for each in outcomes]
    assert codes[:4] == ["stored", "source-unreadable", ObjectConflictError.code, "stored"]
    assert set(codes[4:]) == {"stored"}
    assert isinstance(outcomes[0], PutResult)
    assert outcomes[0].already_there
    assert read(connection, "replaced") == b"some bytes"
    assert read(connection, "other") == b"other bytes"


# --- the contract, the other ways ------------------------------------------------------------


class _Variant(FilesystemHarness):
    def __init__(self, root: Path, **values: object) -> None:
        from coffre.drivers.filesystem import FilesystemDriver

        super().__init__(FilesystemDriver(), root)
        self.parameters = parameters_of(root, **values)


STORING = (
    "core",
    "metadata",
    "recorded-digest",
    "replace",
    "create-only",
    "bulk-put",
    "quarantine",
)
"""Profiles that another way of writing can break."""


class TestWithRecordsBeside(DriverConformance):
    """The contract once more, each record in a file of its own."""

    profiles = STORING

    @pytest.fixture
    def harness(self, tmp_path: Path) -> FilesystemHarness:
        return _Variant(tmp_path / "offer", records="sidecar")


class TestWithNamedParts(DriverConformance):
    """The contract once more, where a file cannot be without a name."""

    profiles = STORING

    @pytest.fixture
    def harness(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FilesystemHarness:
        monkeypatch.setattr(parts, "_CAN_NAME_LATER", False)
        return _Variant(tmp_path / "offer")


def test_nothing_is_left_of_parts_that_had_a_name(
    root: Path, connection: FilesystemConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_CAN_NAME_LATER", False)
    store(connection, "a")
    store(connection, "a")
    connection.put(request_of("a", b"replaced", replace=True))
    connection.delete(DeleteRequest(ref=ref_of("a")))

    assert list((root / ".coffre/parts").iterdir()) == []
    assert connection.sweep(SweepRequest(older_than=0)).removed == 0


# --- sweeping --------------------------------------------------------------------------------


def test_a_leftover_is_swept_once_it_is_old_and_its_bytes_are_counted(
    root: Path, connection: FilesystemConnection
) -> None:
    store(connection, "a")
    left = root / ".coffre/parts/0123.part"
    left.write_bytes(b"x" * 10_000)
    (root / ".coffre/parts/notes.txt").write_bytes(b"a person's")

    assert connection.sweep(SweepRequest()).kept == 1
    os.utime(left, (0, 0))
    swept = connection.sweep(SweepRequest())

    assert (swept.removed, swept.kept, swept.freed) == (1, 0, 12_288)
    assert os.listdir(root / ".coffre/parts") == ["notes.txt"]
    assert connection.sweep(SweepRequest(older_than=0)).removed == 0


# --- new folders -----------------------------------------------------------------------------


@pytest.mark.parametrize(("along", "flushes"), [(True, 0), (False, 34)])
def test_the_flush_of_a_group_takes_the_new_folders_along_where_that_is_safe(
    connection: FilesystemConnection, monkeypatch: pytest.MonkeyPatch, along: bool, flushes: int
) -> None:
    monkeypatch.setattr(root_module, "takes_names_along", lambda _: along)
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    names = {place_of(ref_of(f"n{number}")).folder: f"n{number}" for number in range(40)}
    puts = [request_of(name) for name in list(names.values())[:32]]

    outcomes = connection.bulk_put(BulkPutRequest(puts=puts))

    assert all(isinstance(outcome, PutResult) and outcome.durable for outcome in outcomes)
    # Tenant, container and shards, each in the folder above it.
    assert len(flushed) == flushes


@pytest.mark.parametrize("records", ["auto", "sidecar"])
def test_an_object_deleted_while_a_put_compares_it_is_stored_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, records: str
) -> None:
    """Chance is played: whoever deletes comes between the refused link and the comparison."""
    connection = connect(root, records=records)
    store(connection, "it", b"the same")
    compare = writing._same_bytes

    def deleted_just_before(*given: object) -> bool:
        monkeypatch.setattr(writing, "_same_bytes", compare)
        connection.delete(DeleteRequest(ref=ref_of("it")))
        return compare(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "_same_bytes", deleted_just_before)
    assert not connection.put(request_of("it", b"the same")).already_there
    assert read(connection, "it") == b"the same"
