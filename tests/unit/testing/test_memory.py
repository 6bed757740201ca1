"""The memory offer: shared by URL, and a test's hands behind the driver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from coffre.contract import (
    CapacityRequest,
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    DeleteRequest,
    ForbiddenError,
    GetRequest,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferFullError,
    OfferUnavailableError,
    ParameterError,
    PutRequest,
    QuarantineRequest,
    RetainedError,
    StatRequest,
    SweepRequest,
)
from coffre.streams import BytesContent
from coffre.testing import FakeClock, MemoryConnection, MemoryDriver, MemoryOffer

URL = "memory://unit"
CHARTER = ObjectRef(tenant=0, container="object", identifier="charter")
TEXT = b"the charter of 1215"


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
    return session()


def session(**values: object) -> MemoryConnection:
    driver = MemoryDriver()
    return driver.connect(ConnectionParameters.checked(driver.parameters, url=URL, values=values))


def deposit(data: bytes = TEXT, ref: ObjectRef = CHARTER, **more: object) -> PutRequest:
    content = BytesContent(data)
    return PutRequest(ref=ref, content=content, size=len(data), **more)  # type: ignore[arg-type]


def test_connections_to_one_url_share_one_offer(connection: Connection) -> None:
    connection.put(deposit())

    assert session(user="bob").stat(StatRequest(ref=CHARTER)).size == len(TEXT)
    elsewhere = MemoryDriver().connect(ConnectionParameters(url=URL + "-other"))
    with pytest.raises(ObjectNotFoundError):
        elsewhere.stat(StatRequest(ref=CHARTER))


def test_an_offer_let_go_of_is_empty_when_named_again(connection: Connection) -> None:
    connection.put(deposit())
    MemoryOffer.discard(URL)

    assert MemoryOffer.at(URL).refs() == []


@pytest.mark.parametrize("url", ["memory://", "memory:///", "file:///x", "x", ""])
def test_a_url_that_names_no_memory_is_refused(url: str) -> None:
    with pytest.raises(ParameterError):
        MemoryDriver().connect(ConnectionParameters(url=url))
    assert not MemoryDriver().is_available(ConnectionParameters(url=url))


def test_an_offer_off_line_knows_nothing(offer: MemoryOffer, connection: Connection) -> None:
    connection.put(deposit())
    offer.online = False

    for ask in (
        lambda: connection.stat(StatRequest(ref=CHARTER)),
        lambda: connection.delete(DeleteRequest(ref=CHARTER)),
        session,
    ):
        with pytest.raises(OfferUnavailableError):
            ask()
    assert not MemoryDriver().is_available(connection.parameters)
    assert offer.bytes_of(CHARTER) == TEXT


def test_a_closed_connection_does_nothing_more(offer: MemoryOffer, connection: Connection) -> None:
    connection.close()

    with pytest.raises(ConnectionLostError) as caught:
        connection.put(deposit())

    assert not caught.value.effect_unknown
    assert offer.refs() == []


def test_the_next_operation_can_be_made_to_fail(offer: MemoryOffer, connection: Connection) -> None:
    offer.fail_next(OfferFullError("full"), operation="put", times=2)
    offer.fail_next(ForbiddenError("no"))

    with pytest.raises(ForbiddenError):
        connection.stat(StatRequest(ref=CHARTER))
    for _ in range(2):
        with pytest.raises(OfferFullError):
            connection.put(deposit())
    connection.put(deposit())


def test_damage_changes_the_bytes_and_nothing_else(
    offer: MemoryOffer, connection: Connection
) -> None:
    recorded = connection.put(deposit()).digest
    offer.damage(CHARTER)

    told = connection.stat(StatRequest(ref=CHARTER, digest=recorded.algorithm))

    assert (told.size, told.recorded) == (len(TEXT), recorded)
    assert told.digest != recorded
    with pytest.raises(ObjectConflictError):
        connection.put(deposit())
    offer.damage(CHARTER, b"")
    offer.damage(CHARTER)
    assert offer.bytes_of(CHARTER) == b"\0"
    told = connection.stat(StatRequest(ref=CHARTER))
    assert (told.size, told.recorded_size) == (1, len(TEXT))


def test_what_is_forgotten_is_gone_without_a_question(
    offer: MemoryOffer, connection: Connection, clock: FakeClock
) -> None:
    connection.put(deposit(retain_until=clock.now() + timedelta(days=1)))

    offer.forget(CHARTER)

    with pytest.raises(ObjectNotFoundError):
        connection.get(GetRequest(ref=CHARTER))


def test_retention_ends_on_its_date_and_only_grows(
    connection: Connection, clock: FakeClock
) -> None:
    day = timedelta(days=1)
    connection.put(deposit(retain_until=clock.now() + day))
    assert connection.put(deposit(retain_until=clock.now() + 2 * day)).already_there
    connection.put(deposit(retain_until=clock.now()))
    connection.put(deposit())

    clock.advance(1.5 * 86400)
    with pytest.raises(RetainedError):
        connection.put(deposit(b"other", replace=True))
    with pytest.raises(RetainedError, match="until 2030-01-03T00:00:00"):
        connection.delete(DeleteRequest(ref=CHARTER))

    clock.advance(0.5 * 86400)
    assert connection.delete(DeleteRequest(ref=CHARTER)).existed


def test_a_hold_forbids_deletion_until_it_is_lifted(
    offer: MemoryOffer, connection: Connection
) -> None:
    connection.put(deposit())
    offer.hold(CHARTER)
    with pytest.raises(RetainedError, match="hold"):
        connection.delete(DeleteRequest(ref=CHARTER))

    offer.release(CHARTER)

    assert connection.delete(DeleteRequest(ref=CHARTER)).existed


@pytest.mark.parametrize("bound", ["of the offer", "of the connection"])
def test_a_full_offer_takes_nothing_more_and_loses_nothing(offer: MemoryOffer, bound: str) -> None:
    size = len(TEXT)
    if bound == "of the offer":
        offer.limit = size
    connection = session() if bound == "of the offer" else session(capacity=size)
    connection.put(deposit())
    other = ObjectRef(tenant=0, container="object", identifier="other")

    with pytest.raises(OfferFullError):
        connection.put(deposit(b"x", other))
    with pytest.raises(OfferFullError):
        connection.put(deposit(TEXT + b"x", replace=True))

    assert connection.put(deposit()).already_there
    told = connection.capacity(CapacityRequest())
    assert (told.total, told.used, told.free) == (size, size, 0)
    connection.put(deposit(b"x" * size, replace=True))
    connection.delete(DeleteRequest(ref=CHARTER))
    connection.put(deposit(b"x", other))


def test_what_is_set_aside_is_kept_with_its_reason(
    offer: MemoryOffer, connection: Connection
) -> None:
    connection.put(deposit())

    result = connection.quarantine(  # type: ignore[attr-defined]
        QuarantineRequest(ref=CHARTER, reason="object-corrupt")
    )

    (found,) = offer.quarantined
    assert (found.ref, found.data, found.reason) == (CHARTER, TEXT, "object-corrupt")
    assert found.place == result.place
    assert connection.capacity(CapacityRequest()).used == 0


def test_a_sweep_removes_what_is_old_and_counts_what_is_not(
    offer: MemoryOffer, connection: MemoryConnection
) -> None:
    offer.leave_behind(100, age=7200)
    offer.leave_behind(10, age=60)

    swept = connection.sweep(SweepRequest(older_than=3600))

    assert (swept.removed, swept.kept, swept.freed) == (1, 1, 100)
    assert connection.sweep(SweepRequest(older_than=0)).removed == 1


def test_metadata_at_rest_are_not_those_the_caller_still_holds(connection: Connection) -> None:
    metadata = {"name": "charter.pdf"}
    connection.put(deposit(metadata=metadata))

    metadata["name"] = "other"

    assert connection.stat(StatRequest(ref=CHARTER)).metadata == {"name": "charter.pdf"}


def test_many_threads_leave_the_books_right(offer: MemoryOffer) -> None:
    def work(number: int) -> None:
        with session() as connection:
            for turn in range(200):
                ref = ObjectRef(tenant=0, container="object", identifier=f"n{turn % 7}")
                connection.put(deposit(b"x" * (turn % 7), ref))
                if (turn + number) % 3 == 0:
                    connection.delete(DeleteRequest(ref=ref))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    held = sum(len(offer.bytes_of(ref) or b"") for ref in offer.refs())
    assert session().capacity(CapacityRequest()).used == held


def test_a_fake_clock_moves_when_it_is_told_to(clock: FakeClock) -> None:
    before = clock.now()

    clock.sleep(2.5)
    clock.advance(1)

    assert clock.monotonic() == 3.5
    assert clock.now() - before == timedelta(seconds=3.5)
    assert clock.slept == [2.5]
