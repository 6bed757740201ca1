"""The memory offer's services of 1.1: cold objects by its clock, holds, copies, the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from coffre.contract import (
    AccessCancelRequest,
    AccessRequest,
    AccessState,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    BulkDeleteRequest,
    BulkStatRequest,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    Evidence,
    GetRequest,
    LiftHoldRequest,
    LogRequest,
    NotReadyError,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    PlaceHoldRequest,
    PutRequest,
    RetainedError,
    ServerCopyRequest,
    StatRequest,
    StatResult,
)
from coffre.streams import BytesContent
from coffre.testing import FakeClock, MemoryConnection, MemoryDriver, MemoryOffer

URL = "memory://services"
HOUR = 3600.0


def ref(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def offer(clock: FakeClock) -> Iterator[MemoryOffer]:
    MemoryOffer.discard(URL)
    offer = MemoryOffer.at(URL)
    offer.clock = clock
    yield offer
    MemoryOffer.discard(URL)


@pytest.fixture
def connection(offer: MemoryOffer) -> MemoryConnection:
    for name in ("a", "b"):
        offer.plant(ref(name), name.encode())
    return MemoryDriver().connect(ConnectionParameters(url=URL))


def status(connection: MemoryConnection, ticket: AccessTicket) -> AccessStatus:
    (told,) = connection.access_status(AccessStatusRequest(tickets=[ticket]))
    return told


def read(connection: MemoryConnection, name: str) -> bytes:
    with connection.get(GetRequest(ref=ref(name))) as result:
        return result.stream.read()


def test_a_cold_object_is_waited_for_then_read_then_cold_again(
    offer: MemoryOffer, connection: MemoryConnection, clock: FakeClock
) -> None:
    offer.chill(ref("a"))
    offer.cold.delay = 5 * HOUR
    with pytest.raises(NotReadyError, match="ask for access"):
        read(connection, "a")
    assert connection.stat(StatRequest(ref=ref("a"))).ready is False

    ticket = connection.request_access(
        AccessRequest(refs=[ref("b"), ref("a")], available_for=2 * HOUR)
    )
    assert status(connection, ticket) == AccessStatus(state=AccessState.WAITING, ready=1)

    clock.advance(5 * HOUR)
    expires = clock.now() + timedelta(hours=2)
    assert status(connection, ticket) == AccessStatus(
        state=AccessState.READY, expires_at=expires, ready=2
    )
    assert read(connection, "a") == b"a"

    clock.advance(2 * HOUR)
    assert status(connection, ticket) == AccessStatus(state=AccessState.EXPIRED, ready=1)
    with pytest.raises(NotReadyError):
        read(connection, "a")

    clock.advance(offer.cold.purge_after)
    assert status(connection, ticket).state is AccessState.UNKNOWN


def test_what_is_not_cold_is_ready_at_once_for_as_long_as_the_offer_says(
    offer: MemoryOffer, connection: MemoryConnection, clock: FakeClock
) -> None:
    offer.cold.delay = HOUR
    ticket = connection.request_access(AccessRequest(refs=[ref("a"), ref("missing")]))

    told = status(connection, ticket)
    assert told.state is AccessState.READY
    assert told.expires_at == clock.now() + timedelta(seconds=offer.cold.available_for)


def test_a_cancelled_request_leaves_the_others_for_the_same_object(
    offer: MemoryOffer, connection: MemoryConnection
) -> None:
    offer.chill(ref("a"))
    one, other = (connection.request_access(AccessRequest(refs=[ref("a")])) for _ in range(2))

    assert connection.cancel_access(AccessCancelRequest(ticket=one)).released
    assert not connection.cancel_access(AccessCancelRequest(ticket=one)).released
    assert status(connection, one).state is AccessState.UNKNOWN
    assert status(connection, other).state is AccessState.READY
    assert read(connection, "a") == b"a"


def test_an_object_that_is_written_anew_is_warm(
    offer: MemoryOffer, connection: MemoryConnection
) -> None:
    offer.chill(ref("a"))
    connection.delete(DeleteRequest(ref=ref("a")))
    content = BytesContent(b"new")
    connection.put(PutRequest(ref=ref("a"), content=content, size=3))

    assert read(connection, "a") == b"new"


def test_an_object_is_free_once_its_last_hold_is_lifted(connection: MemoryConnection) -> None:
    for id in ("case-1", "case-2"):
        held = connection.place_hold(PlaceHoldRequest(ref=ref("a"), id=id)).holds
    assert held == connection.stat(StatRequest(ref=ref("a"))).holds == {"case-1", "case-2"}

    left = connection.lift_hold(LiftHoldRequest(ref=ref("a"), id="case-1")).holds
    assert left == {"case-2"}
    with pytest.raises(RetainedError, match="case-2"):
        connection.delete(DeleteRequest(ref=ref("a")))

    assert connection.lift_hold(LiftHoldRequest(ref=ref("a"), id="case-2")).holds == frozenset()
    assert connection.delete(DeleteRequest(ref=ref("a"))).existed
    with pytest.raises(ObjectNotFoundError):
        connection.place_hold(PlaceHoldRequest(ref=ref("a"), id="case-1"))
    with pytest.raises(ObjectNotFoundError):
        connection.lift_hold(LiftHoldRequest(ref=ref("a"), id="case-1"))


def test_each_of_many_has_its_own_outcome(connection: MemoryConnection) -> None:
    connection.place_hold(PlaceHoldRequest(ref=ref("b"), id="case-1"))
    refs = [ref("a"), ref("b"), ref("missing")]

    found = connection.bulk_stat(BulkStatRequest(stats=[StatRequest(ref=one) for one in refs]))
    assert [type(one) for one in found] == [StatResult, StatResult, ObjectNotFoundError]

    gone = connection.bulk_delete(
        BulkDeleteRequest(deletes=[DeleteRequest(ref=one) for one in refs])
    )
    assert [type(one) for one in gone] == [DeleteResult, RetainedError, DeleteResult]


def test_a_copy_brings_what_is_kept_beside_the_bytes_and_nothing_that_binds_the_source(
    offer: MemoryOffer, connection: MemoryConnection, clock: FakeClock
) -> None:
    until = clock.now() + timedelta(days=1)
    connection.put(
        PutRequest(
            ref=ref("c"),
            content=BytesContent(b"c"),
            size=1,
            metadata={"name": "c.txt"},
            retain_until=until,
        )
    )
    request = ServerCopyRequest(source=ref("c"), ref=ref("d"))

    first, again = connection.server_copy(request), connection.server_copy(request)
    assert (first.size, first.evidence, first.already_there) == (1, Evidence.REPORTED, False)
    assert again.already_there
    told = connection.stat(StatRequest(ref=ref("d")))
    assert (dict(told.metadata), told.retain_until) == ({"name": "c.txt"}, None)
    assert connection.stat(StatRequest(ref=ref("c"))).retain_until == until
    with pytest.raises(ObjectConflictError):
        connection.server_copy(ServerCopyRequest(source=ref("c"), ref=ref("a")))
    offer.chill(ref("c"))
    with pytest.raises(NotReadyError):
        connection.server_copy(ServerCopyRequest(source=ref("c"), ref=ref("e")))


def test_the_log_is_read_both_ways_from_any_number(connection: MemoryConnection) -> None:
    for name in ("c", "d", "e"):
        connection.put(PutRequest(ref=ref(name), content=BytesContent(b""), size=0))
    connection.delete(DeleteRequest(ref=ref("c")))

    def page(start: int | None = None, *, newest_first: bool = False, limit: int = 9) -> list[str]:
        request = LogRequest(
            tenant=0, container="object", start=start, newest_first=newest_first, limit=limit
        )
        return [
            f"{one.number}{one.action[0]}{one.ref.identifier}" for one in connection.log(request)
        ]

    assert page() == ["1wc", "2wd", "3we", "4dc"]
    assert page(2, limit=2) == ["2wd", "3we"]
    assert page(3, newest_first=True) == ["3we", "2wd", "1wc"]
    assert page(newest_first=True, limit=1) == ["4dc"]
    assert page(5) == []
