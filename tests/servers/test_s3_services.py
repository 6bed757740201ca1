"""What S3 services do beside storing: cold classes, holds, deletions, refusals; and a sweep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coffre.contract import (
    AccessCancelRequest,
    AccessRequest,
    AccessState,
    AccessStatusRequest,
    BulkDeleteRequest,
    Capability,
    DeleteRequest,
    DeleteResult,
    ForbiddenError,
    GetRequest,
    LiftHoldRequest,
    ListRequest,
    NotReadyError,
    ObjectRef,
    OfferUnavailableError,
    PlaceHoldRequest,
    PutRequest,
    PutResult,
    RetainedError,
    StatRequest,
    SweepRequest,
    UnsupportedOperationError,
)
from coffre.drivers.s3 import S3Connection
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.servers.addresses import address
from tests.servers.s3_harness import S3Harness, new_bucket

REF = ObjectRef(tenant=0, container="object", identifier="charter.pdf")
LARGE = b"a page of a charter\n" * (600 * 1024)


def offer(server: str, **values: object) -> S3Harness:
    there = address(server)
    if server == "LOCALSTACK":
        there = {**there, "S3_SECRET_KEY": "any-key-will-do-here"}
    locked = {"retention": values["retention"]} if "retention" in values else {}
    bucket = new_bucket(installed("s3"), there, "", **locked)
    return S3Harness(installed("s3"), there, bucket, **values)


def put(connection: S3Connection, data: bytes = b"charter", ref: ObjectRef = REF) -> PutResult:
    return connection.put(PutRequest(ref=ref, content=BytesContent(data), size=len(data)))


def read(connection: S3Connection, ref: ObjectRef = REF) -> bytes:
    # Nothing else is asked meanwhile: the emulator cuts an answer while it gives another one.
    with connection.get(GetRequest(ref=ref, describe=False)) as result:
        return result.stream.read()


# --- cold classes --------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"charter", LARGE], ids=["small", "in-parts"])
@pytest.mark.parametrize("conditions", ["all", "put"])
def test_a_cold_object_is_asked_for_and_then_read(data: bytes, conditions: str) -> None:
    harness = offer("LOCALSTACK", storage_class="GLACIER", conditions=conditions)
    with S3Connection(harness.parameters) as connection:
        put(connection, data)
        assert connection.stat(StatRequest(ref=REF)).ready is False
        with pytest.raises(NotReadyError):
            read(connection)

        ticket = connection.request_access(AccessRequest(refs=[REF], available_for=36 * 3600.0))
        (status,) = connection.access_status(AccessStatusRequest(tickets=[ticket]))

        assert (status.state, status.ready) == (AccessState.READY, 1)  # the emulator is quick
        assert status.expires_at is not None
        assert status.expires_at > datetime.now(UTC) + timedelta(hours=36)
        assert connection.stat(StatRequest(ref=REF)).ready is True
        assert read(connection) == data
        assert not connection.cancel_access(AccessCancelRequest(ticket=ticket)).released


def test_a_cold_object_that_nobody_asked_for_is_not_ready_and_the_same_bytes_are_there() -> None:
    harness = offer("LOCALSTACK", storage_class="GLACIER")
    with S3Connection(harness.parameters) as connection:
        put(connection)
        assert put(connection).already_there
        with pytest.raises(NotReadyError):
            read(connection)


def test_objects_that_are_not_cold_are_ready_at_once() -> None:
    absent = ObjectRef(tenant=0, container="object", identifier="absent")
    harness = offer("S3")
    with S3Connection(harness.parameters) as connection:
        put(connection)
        ticket = connection.request_access(AccessRequest(refs=[REF, absent]))
        (status,) = connection.access_status(AccessStatusRequest(tickets=[ticket]))
    assert (status.state, status.ready, status.expires_at) == (AccessState.READY, 2, None)


# --- holds and dates -----------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["S3", "LOCALSTACK"])
@pytest.mark.parametrize("data", [b"charter", LARGE], ids=["small", "in-parts"])
def test_what_is_under_a_hold_stays_until_it_is_lifted(server: str, data: bytes) -> None:
    # Ceph 16 ignores conditions where versions are kept: one writer, who says so.
    conditions = "none" if server == "S3" else "all"
    harness = offer(server, retention="governance", conditions=conditions)
    with S3Connection(harness.parameters) as connection:
        put(connection, data)
        for _ in range(2):
            placed = connection.place_hold(PlaceHoldRequest(ref=REF, id="case-7"))
            assert placed.holds == {"case-7"}
        assert connection.stat(StatRequest(ref=REF)).holds == {"case-7"}
        with pytest.raises(UnsupportedOperationError):
            connection.place_hold(PlaceHoldRequest(ref=REF, id="case-8"))
        for forbidden in (delete, replace):
            with pytest.raises(RetainedError):
                forbidden(connection)
        other = connection.lift_hold(LiftHoldRequest(ref=REF, id="case-8"))
        assert other.holds == {"case-7"}
        assert connection.lift_hold(LiftHoldRequest(ref=REF, id="case-7")).holds == frozenset()
        assert read(connection) == data
        assert delete(connection).existed
        assert not delete(connection).existed


def delete(connection: S3Connection) -> DeleteResult:
    return connection.delete(DeleteRequest(ref=REF))


def replace(connection: S3Connection) -> PutResult:
    data = b"another"
    return connection.put(
        PutRequest(ref=REF, content=BytesContent(data), size=len(data), replace=True)
    )


def test_the_service_itself_keeps_what_is_retained() -> None:
    harness = offer("S3", retention="governance", conditions="none")
    until = datetime.now(UTC) + timedelta(days=1)
    with S3Connection(harness.parameters) as connection:
        connection.put(PutRequest(ref=REF, content=BytesContent(b"x"), size=1, retain_until=until))
        told = connection.stat(StatRequest(ref=REF))
        path = f"/{harness.bucket}/{harness.key_of(REF)}"
        version = harness.client.ask("HEAD", path)[1]["x-amz-version-id"]
        assert harness.client.ask("DELETE", path, f"versionId={version}")[0] == 403
    assert told.retain_until is not None
    assert until <= told.retain_until <= until + timedelta(seconds=1)


# --- many deletions ------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["S3", "LOCALSTACK"])
def test_many_are_deleted_in_one_call(server: str) -> None:
    refs = [
        ObjectRef(tenant=0, container="object", identifier=f"n{number}@x") for number in range(5)
    ]
    harness = offer(server)
    with S3Connection(harness.parameters) as connection:
        for ref in refs[1:]:
            put(connection, ref=ref)
        request = BulkDeleteRequest(deletes=[DeleteRequest(ref=ref) for ref in refs[:4]])
        outcomes = connection.bulk_delete(request)
        listed = list(connection.list(ListRequest(tenant=0, container="object")))

    assert all(isinstance(one, DeleteResult) for one in outcomes), outcomes
    assert [entry.identifier for entry in listed] == ["n4@x"]


# --- what is refused -----------------------------------------------------------------------------


def test_a_service_that_ignores_conditions_is_not_written_to() -> None:
    harness = offer("RCLONE_S3")
    with S3Connection(harness.parameters) as connection:
        with pytest.raises(UnsupportedOperationError, match='conditions = "none"'):
            put(connection)
        assert Capability.CREATE_ONLY in connection.capabilities
        assert not list(connection.list(ListRequest(tenant=0, container="object")))


def test_a_single_writer_may_say_so_and_conflicts_are_still_told() -> None:
    harness = offer("RCLONE_S3", conditions="none")
    with S3Connection(harness.parameters) as connection:
        assert Capability.CREATE_ONLY not in connection.capabilities
        put(connection)
        assert put(connection).already_there


def test_a_bucket_that_is_missing_is_an_offer_that_is_away() -> None:
    harness = offer("S3")
    harness.bucket = "coffre-nobody-made-this"
    with pytest.raises(OfferUnavailableError, match="prepare"):
        S3Connection(harness._parameters(installed("s3"), address("S3")["S3_ENDPOINT"]))


def policy(harness: S3Harness, action: str) -> None:
    text = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":'
        f'"s3:{action}","Resource":"arn:aws:s3:::{harness.bucket}/*"}}]}}'
    )
    assert harness.client.ask("PUT", f"/{harness.bucket}", "policy=", text.encode())[0] < 300


@pytest.mark.parametrize("data", [b"charter", LARGE], ids=["small", "in-parts"])
def test_without_the_right_to_write_nothing_is_stored(data: bytes) -> None:
    harness = offer("S3")
    policy(harness, "PutObject")
    with S3Connection(harness.parameters) as connection:
        with pytest.raises(ForbiddenError):
            put(connection, data)
        assert not list(connection.list(ListRequest(tenant=0, container="object")))


def test_without_the_right_to_delete_it_stays() -> None:
    harness = offer("S3")
    with S3Connection(harness.parameters) as connection:
        put(connection)
        policy(harness, "DeleteObject")
        with pytest.raises(ForbiddenError):
            delete(connection)
        assert read(connection) == b"charter"


# --- leftovers -----------------------------------------------------------------------------------


def test_uploads_and_bytes_of_writers_that_died_are_swept_once() -> None:
    harness = offer("S3")
    path = f"/{harness.bucket}/{harness.prefix}"
    with S3Connection(harness.parameters) as connection:
        put(connection, LARGE)
        harness.client.ask("POST", f"{path}0/object/dead", "uploads=")
        for kind in ("large", "records"):
            orphan = f"{path}.coffre/{kind}/0/object/{REF.identifier}/{'0' * 32}"
            assert harness.client.ask("PUT", orphan, body=b"orphan")[0] == 200
        assert connection.sweep(SweepRequest(older_than=3600)).removed == 0
        swept = connection.sweep(SweepRequest(older_than=0))
        assert (swept.removed, swept.freed) == (3, 12)
        assert connection.sweep(SweepRequest(older_than=0)).removed == 0
        assert read(connection) == LARGE
