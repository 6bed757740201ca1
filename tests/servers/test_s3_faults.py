"""A put that meets a fault at any step, on Ceph: whole or not at all, and nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from coffre.contract import (
    Capability,
    CoffreError,
    DeleteRequest,
    GetRequest,
    ObjectRef,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.s3 import S3Connection
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.servers.addresses import address
from tests.servers.faulty.faults import Answer, Damage, Fault, throttled
from tests.servers.faulty.proxy import FaultyProxy
from tests.servers.s3_harness import S3Harness, new_bucket

REF = ObjectRef(tenant=0, container="object", identifier="it")
SMALL = b"Given in the year 1328"
LARGE = b"a page of a charter\n" * (600 * 1024)

STEPS: dict[str, tuple[bytes, str, str]] = {
    "small-put": (SMALL, "PUT", r"/object/it$"),
    "begin": (LARGE, "POST", r"\?uploads="),
    "part": (LARGE, "PUT", r"partNumber=2"),
    "complete": (LARGE, "POST", r"uploadId="),
    "length": (LARGE, "HEAD", r"/large/"),
    "name": (LARGE, "PUT", r"/object/it$"),
}
"""What is put, and the request that meets a fault."""


def faults(method: str, path: str) -> dict[str, Fault]:
    error = b"<Error><Code>InternalError</Code></Error>"
    return {
        "refused": Fault(method=method, path=path, refuse=True),
        "answer-lost": Fault(method=method, path=path, lose_answer=True),
        "request-cut": Fault(method=method, path=path, upload=Damage(cut_after=10)),
        "answer-cut": Fault(method=method, path=path, download=Damage(cut_after=1)),
        "throttled": throttled(method=method, path=path, retry_after=3),
        "failed": Fault(method=method, path=path, answer=Answer(status=500, body=error)),
        "done-and-failed": Fault(
            method=method, path=path, answer=Answer(status=500, body=error), asked=True
        ),
        "twice": Fault(method=method, path=path, twice=True),
        "spoilt": Fault(method=method, path=path, upload=Damage(flip_at=5)),
    }


@pytest.fixture(scope="module")
def bucket() -> str:
    return new_bucket(installed("s3"), address("S3"))


@pytest.fixture
def harness(bucket: str) -> S3Harness:
    return S3Harness(installed("s3"), address("S3"), bucket, conditions="put", checksum="none")


@contextmanager
def behind(harness: S3Harness) -> Iterator[tuple[FaultyProxy, S3Connection, S3Connection]]:
    """A proxy, a session through it, and one that goes around it."""
    host, port = harness.address()
    with FaultyProxy(host, port) as proxy:
        parameters = harness.through(proxy.host, proxy.port)
        with S3Connection(parameters) as through, S3Connection(harness.parameters) as around:
            yield proxy, through, around


def put(connection: S3Connection, data: bytes) -> PutResult:
    return connection.put(PutRequest(ref=REF, content=BytesContent(data), size=len(data)))


def read(connection: S3Connection) -> bytes:
    with connection.get(GetRequest(ref=REF)) as result:
        return result.stream.read()


@pytest.mark.parametrize("fault", faults("", ""))
@pytest.mark.parametrize("step", STEPS)
def test_a_put_is_whole_or_absent_and_leaves_nothing(
    harness: S3Harness, step: str, fault: str
) -> None:
    data, method, path = STEPS[step]
    with behind(harness) as (proxy, through, around):
        proxy.script(faults(method, path)[fault])
        error: CoffreError | None = None
        try:
            put(through, data)
        except CoffreError as caught:
            error = caught
        found = harness.bytes_at_rest(REF)

        assert found in (None, data), f"other bytes are held after {error!r}"
        if error is None:
            assert found == data
        elif found is not None:
            assert isinstance(error, OfferUnavailableError)
            assert error.effect_unknown, f"stored, and the error says no: {error!r}"
        proxy.script()
        assert put(around, data).size == len(data)
        assert read(around) == data
        around.sweep(SweepRequest(older_than=0))
        assert around.sweep(SweepRequest(older_than=0)).removed == 0
        assert read(around) == data
        assert orphans(harness) == []


def orphans(harness: S3Harness) -> list[str]:
    """What is below the driver's own and belongs to no object, and uploads that go on."""
    prefix = harness.prefix.replace("/", "%2F")
    _, _, uploads = harness.client.ask("GET", f"/{harness.bucket}", f"prefix={prefix}&uploads=")
    left = ["an upload"] if b"<UploadId>" in uploads else []
    _, _, listed = harness.client.ask("GET", f"/{harness.bucket}", f"list-type=2&prefix={prefix}")
    keys = [part.split(b"</Key>")[0].decode() for part in listed.split(b"<Key>")[1:]]
    mine = {harness.key_of(REF), harness.holder(REF)}
    return left + [key for key in keys if key not in mine and "/trials/" not in key]


@pytest.mark.parametrize("fault", ["refused", "answer-lost", "throttled", "done-and-failed"])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_delete_says_what_it_knows(harness: S3Harness, data: bytes, fault: str) -> None:
    with behind(harness) as (proxy, through, around):
        put(around, data)
        proxy.script(faults("DELETE", r"/object/it$")[fault])
        with pytest.raises(OfferUnavailableError) as caught:
            through.delete(DeleteRequest(ref=REF))
        gone = harness.bytes_at_rest(REF) is None
        assert caught.value.effect_unknown or not gone
        proxy.script()
        around.delete(DeleteRequest(ref=REF))
        around.sweep(SweepRequest(older_than=0))
        assert orphans(harness) == []


def test_a_get_of_bytes_kept_aside_that_is_cut_is_no_object(harness: S3Harness) -> None:
    with behind(harness) as (proxy, through, around):
        put(around, LARGE)
        proxy.script(Fault(method="GET", path="/large/", download=Damage(cut_after=1_000_000)))
        with pytest.raises(OfferUnavailableError):
            read(through)
        assert read(through) == LARGE


def test_the_session_goes_on_after_a_fault(harness: S3Harness) -> None:
    with behind(harness) as (proxy, through, _):
        proxy.script(Fault(method="HEAD", refuse=True))
        with pytest.raises(OfferUnavailableError):
            through.stat(StatRequest(ref=REF))
        assert not put(through, SMALL).already_there
        assert Capability.CREATE_ONLY in through.capabilities
