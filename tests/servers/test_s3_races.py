"""Many writers of one reference, small and large ones together: exactly one wins, on Ceph."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from coffre.contract import (
    CoffreError,
    ConnectionParameters,
    DeleteRequest,
    GetRequest,
    ListRequest,
    ObjectConflictError,
    ObjectRef,
    PutRequest,
    PutResult,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.s3 import S3Connection
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.servers.addresses import address
from tests.servers.s3_harness import MIB, S3Harness, new_bucket

WRITERS = 16
PART = 5 * MIB
REF = ObjectRef(tenant=0, container="object", identifier="contested")


@pytest.fixture(scope="module")
def bucket() -> str:
    return new_bucket(installed("s3"), address("S3"))


@pytest.fixture
def harness(bucket: str) -> S3Harness:
    return S3Harness(installed("s3"), address("S3"), bucket)


def put(parameters: ConnectionParameters, data: bytes, start: Callable[[], object]) -> object:
    with S3Connection(parameters) as connection:
        start()
        try:
            return connection.put(PutRequest(ref=REF, content=BytesContent(data), size=len(data)))
        except CoffreError as error:
            return error


def read(connection: S3Connection, ref: ObjectRef = REF) -> bytes:
    with connection.get(GetRequest(ref=ref)) as result:
        return result.stream.read()


@pytest.mark.parametrize(
    "sizes",
    [(10,), (PART + 1,), (10, PART + 1)],
    ids=["small", "in-parts", "small-and-in-parts"],
)
def test_of_sixteen_writers_exactly_one_wins(harness: S3Harness, sizes: tuple[int, ...]) -> None:
    datas = [bytes([number]) * sizes[number % len(sizes)] for number in range(WRITERS)]
    gate = Barrier(WRITERS)
    with ThreadPoolExecutor(WRITERS) as threads:
        writers = [threads.submit(put, harness.parameters, data, gate.wait) for data in datas]
        outcomes = [writer.result() for writer in writers]

    winners = [
        data for data, one in zip(datas, outcomes, strict=True) if isinstance(one, PutResult)
    ]
    losers = [one for one in outcomes if isinstance(one, ObjectConflictError)]
    assert (len(winners), len(losers)) == (1, WRITERS - 1), outcomes
    assert harness.bytes_at_rest(REF) == winners[0]
    with S3Connection(harness.parameters) as connection:
        assert read(connection) == winners[0]
        swept = connection.sweep(SweepRequest(older_than=0))
        assert swept.removed == 0, "a writer that lost has left something"


def test_sixteen_writers_of_the_same_bytes_all_succeed(harness: S3Harness) -> None:
    data = b"the same" * MIB
    gate = Barrier(4)
    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(put, harness.parameters, data, gate.wait) for _ in range(4)]
        outcomes = [writer.result() for writer in writers]

    assert all(isinstance(one, PutResult) for one in outcomes), outcomes
    assert harness.bytes_at_rest(REF) == data


# --- objects in parts ----------------------------------------------------------------------------


def large(size: int = 2 * PART + 17) -> bytes:
    return hashlib.sha512(b"large").digest() * (size // 64) + b"x" * (size % 64)


def stored(connection: S3Connection, data: bytes, **more: object) -> PutResult:
    return connection.put(
        PutRequest(ref=REF, content=BytesContent(data), size=len(data), **more)  # type: ignore[arg-type]
    )


def test_an_object_in_parts_is_one_object(harness: S3Harness) -> None:
    data, metadata = large(), {"name": "Réglement.pdf", "long": "é" * 4000}
    with S3Connection(harness.parameters) as connection:
        stored(connection, data, metadata=metadata)
        told = connection.stat(StatRequest(ref=REF))
        assert (told.size, told.recorded_size) == (len(data), len(data))
        assert told.metadata == metadata
        assert told.recorded is not None
        assert told.recorded.value == hashlib.sha512(data).digest()
        assert read(connection) == data
        listed = list(connection.list(ListRequest(tenant=0, container="object")))
        assert [(entry.identifier, entry.size) for entry in listed] == [("contested", len(data))]
        request = GetRequest(ref=REF, offset=PART - 5, length=10)
        with connection.get(request) as result:
            assert (result.size, result.stream.read()) == (len(data), data[PART - 5 : PART + 5])
        with connection.get(GetRequest(ref=REF, offset=len(data))) as result:
            assert result.stream.read() == b""


def test_the_same_bytes_in_parts_again_succeed_and_others_conflict(harness: S3Harness) -> None:
    data = large()
    with S3Connection(harness.parameters) as connection:
        assert not stored(connection, data).already_there
        assert stored(connection, data).already_there
        with pytest.raises(ObjectConflictError):
            stored(connection, data[:-1] + b"y")
        assert read(connection) == data
        assert connection.sweep(SweepRequest(older_than=0)).removed == 0


def test_nothing_is_left_of_what_was_replaced_or_deleted(harness: S3Harness) -> None:
    with S3Connection(harness.parameters) as connection:
        stored(connection, large(), metadata={"long": "x" * 5000})
        stored(connection, b"small", replace=True)
        assert read(connection) == b"small"
        stored(connection, large(), replace=True)
        assert read(connection) == large()
        assert connection.delete(DeleteRequest(ref=REF)).existed
        assert connection.sweep(SweepRequest(older_than=0)).removed == 0
        assert not list(connection.list(ListRequest(tenant=0, container="object")))
    listed = harness.client.ask(
        "GET", f"/{harness.bucket}", f"list-type=2&prefix={harness.prefix.replace('/', '%2F')}"
    )[2]
    assert listed.count(b"<Contents>") == listed.count(b"trials")
