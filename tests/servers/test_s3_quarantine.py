"""What is set aside on S3 is whole and stays, however large it is and wherever it was kept."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from coffre.contract import (
    DeleteRequest,
    ObjectNotFoundError,
    ObjectRef,
    PutRequest,
    QuarantineRequest,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.s3 import S3Connection
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.servers.addresses import address
from tests.servers.s3_harness import S3Harness, new_bucket

REF = ObjectRef(tenant=0, container="object", identifier="charter.pdf")
LARGE = os.urandom(11 * 1024 * 1024)
"""More than one part: kept aside on Ceph, in place on LocalStack."""


@pytest.fixture(params=["S3", "LOCALSTACK"])
def harness(request: pytest.FixtureRequest) -> S3Harness:
    at = address(request.param)
    return S3Harness(installed("s3"), at, new_bucket(installed("s3"), at))


@pytest.fixture
def connection(harness: S3Harness) -> Iterator[S3Connection]:
    with harness.driver.connect(harness.parameters) as connection:
        assert isinstance(connection, S3Connection)
        yield connection


def put(connection: S3Connection, data: bytes) -> None:
    connection.put(PutRequest(ref=REF, content=BytesContent(data), size=len(data)))


def set_aside(connection: S3Connection) -> str:
    found = connection.quarantine(QuarantineRequest(ref=REF, reason="other bytes: «déjà vu»"))
    assert found.size == len(LARGE)
    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=REF))
    return found.place


def test_a_large_object_is_set_aside_whole_and_no_sweep_takes_it(
    harness: S3Harness, connection: S3Connection
) -> None:
    put(connection, LARGE)

    place = set_aside(connection)
    connection.sweep(SweepRequest(older_than=0))

    assert harness.bytes_set_aside(place) == LARGE


def test_what_is_longer_than_one_copy_is_copied_in_parts(
    harness: S3Harness, connection: S3Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coffre.drivers.s3.quarantine.MOST_COPIED", 1024)
    monkeypatch.setattr("coffre.drivers.s3.quarantine.PART", 5 * 1024 * 1024)
    put(connection, LARGE)

    assert harness.bytes_set_aside(set_aside(connection)) == LARGE


def test_the_reference_can_be_stored_again_and_set_aside_again(
    harness: S3Harness, connection: S3Connection
) -> None:
    put(connection, LARGE)
    first = set_aside(connection)
    put(connection, LARGE[::-1])
    second = set_aside(connection)

    assert harness.bytes_set_aside(first) == LARGE
    assert harness.bytes_set_aside(second) == LARGE[::-1]
    assert not connection.delete(DeleteRequest(ref=REF)).existed
