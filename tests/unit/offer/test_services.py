"""Services of contract 1.1 through an offer: honest fallbacks, clear refusals, doubts resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from coffre.contract import (
    AccessCancelRequest,
    AccessRequest,
    AccessState,
    AccessStatusRequest,
    AccessTicket,
    BulkDeleteRequest,
    BulkStatRequest,
    Capability,
    CoffreError,
    ConnectionLostError,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    DigestAlgorithm,
    Evidence,
    ForbiddenError,
    GetRequest,
    InvalidRequestError,
    LiftHoldRequest,
    LogEntry,
    LogRequest,
    NotReadyError,
    ObjectNotFoundError,
    OfferFailedError,
    OfferUnavailableError,
    PlaceHoldRequest,
    RetainedError,
    ServerCopyRequest,
    ServerCopyResult,
    StatRequest,
    StatResult,
    UnsupportedOperationError,
    Version,
)
from coffre.offer import Offer, RetryPolicy
from coffre.testing import FakeClock, MemoryConnection, MemoryDriver, MemoryOffer
from tests.unit.offer.samples import ref

URL = "memory://services-of-an-offer"
POLICY = RetryPolicy(attempts=3, first_pause=1.0, longest_pause=8.0, deadline=60.0)
MANY = frozenset({Capability.BULK_STAT, Capability.BULK_DELETE})


class OldDriver(MemoryDriver):
    """A driver that was written for 1.0, and declares names that have a service since 1.1."""

    contract = Version(1, 0)


@pytest.fixture
def memory() -> Iterator[MemoryOffer]:
    MemoryOffer.discard(URL)
    memory = MemoryOffer.at(URL)
    for name in ("a", "b", "c"):
        memory.plant(ref(name), name.encode())
    yield memory
    MemoryOffer.discard(URL)


def offer_of(driver: MemoryDriver | None = None, **more: frozenset[Capability]) -> Offer:
    parameters = ConnectionParameters(url=URL)
    clock = FakeClock()
    return Offer(
        "north",
        driver or MemoryDriver(),
        parameters,
        retry=POLICY,
        clock=clock,
        chance=lambda: 0.5,
        withheld=more.get("withheld", frozenset()),
    )


def driver_whose(**methods: object) -> MemoryDriver:
    """A memory driver whose sessions have some methods of their own."""
    kind = type("Session", (MemoryConnection,), methods)

    class Driver(MemoryDriver):
        def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
            session: MemoryConnection = kind(parameters, MemoryOffer.at(parameters.url))
            return session

    return Driver()


def stats(*names: str) -> list[StatRequest]:
    return [StatRequest(ref=ref(name)) for name in names]


def deletes(*names: str) -> list[DeleteRequest]:
    return [DeleteRequest(ref=ref(name)) for name in names]


BOTH_WAYS = pytest.mark.parametrize("withheld", [frozenset(), MANY], ids=["one call", "one by one"])


@BOTH_WAYS
def test_many_are_asked_about_with_the_same_outcomes_either_way(
    memory: MemoryOffer, withheld: frozenset[Capability]
) -> None:
    told = offer_of(withheld=withheld).stat_many(stats("b", "missing", "a"))

    assert [type(one) for one in told] == [StatResult, ObjectNotFoundError, StatResult]
    assert isinstance(told[1], CoffreError)
    assert (told[1].offer, told[1].ref) == ("north", ref("missing"))


@BOTH_WAYS
def test_many_are_deleted_and_what_is_refused_is_refused_alone(
    memory: MemoryOffer, withheld: frozenset[Capability]
) -> None:
    memory.hold(ref("b"))

    told = offer_of(withheld=withheld).delete_many(deletes("a", "b", "missing", "c"))

    assert [type(one) for one in told] == [DeleteResult, RetainedError, DeleteResult, DeleteResult]
    assert memory.refs() == [ref("b")]


@BOTH_WAYS
def test_nothing_is_asked_of_nobody(memory: MemoryOffer, withheld: frozenset[Capability]) -> None:
    offer = offer_of(withheld=withheld)

    assert offer.stat_many([]) == []
    assert offer.delete_many([]) == []


@BOTH_WAYS
def test_an_object_named_twice_is_refused_before_anything_is_done(
    memory: MemoryOffer, withheld: frozenset[Capability]
) -> None:
    offer = offer_of(withheld=withheld)
    with pytest.raises(InvalidRequestError, match="twice"):
        offer.stat_many(stats("a", "a"))
    with pytest.raises(InvalidRequestError, match="twice"):
        offer.delete_many(deletes("a", "a"))
    assert ref("a") in memory.refs()


def test_a_field_that_cannot_be_honoured_is_refused_alone(memory: MemoryOffer) -> None:
    offer = offer_of(withheld=frozenset({Capability.OFFER_DIGEST}))
    digest = StatRequest(ref=ref("a"), digest=DigestAlgorithm.SHA256)

    refused, told = offer.stat_many([digest, *stats("b")])

    assert isinstance(refused, UnsupportedOperationError)
    assert isinstance(told, StatResult)


@BOTH_WAYS
def test_an_offer_that_is_away_leaves_all_unknown_and_is_not_asked_for_ever(
    memory: MemoryOffer, withheld: frozenset[Capability]
) -> None:
    offer = offer_of(withheld=withheld)
    assert offer.capabilities
    memory.online = False
    names = [f"n{number}" for number in range(50)]

    told = offer.delete_many(deletes(*names))

    assert {type(one) for one in told} == {OfferUnavailableError}
    assert all(isinstance(one, OfferUnavailableError) and not one.effect_unknown for one in told)
    clock = offer._retrier.clock
    assert isinstance(clock, FakeClock)
    assert len(clock.slept) <= 3 * POLICY.attempts


def test_what_one_object_alone_met_is_tried_again_by_itself(memory: MemoryOffer) -> None:
    def throttled(self: MemoryConnection, request: BulkDeleteRequest) -> Sequence[object]:
        done = list(
            MemoryConnection.bulk_delete(self, replace(request, deletes=request.deletes[1:]))
        )
        return [OfferUnavailableError("slow down"), *done]

    offer = offer_of(driver_whose(bulk_delete=throttled))

    assert [type(one) for one in offer.delete_many(deletes("a", "b"))] == [DeleteResult] * 2
    assert memory.refs() == [ref("c")]


def test_after_a_lost_answer_nobody_says_what_existed(memory: MemoryOffer) -> None:
    lost: list[Exception] = [ConnectionLostError("reset")]

    def once_lost(self: MemoryConnection, request: BulkDeleteRequest) -> Sequence[object]:
        done = MemoryConnection.bulk_delete(self, request)
        if lost:
            raise lost.pop()
        return done

    offer = offer_of(driver_whose(bulk_delete=once_lost))

    assert offer.delete_many(deletes("a", "b")) == [DeleteResult(existed=None)] * 2
    assert memory.refs() == [ref("c")]


@pytest.mark.parametrize("method", ["bulk_stat", "bulk_delete"])
def test_outcomes_that_are_missing_are_a_defect_of_the_driver(
    memory: MemoryOffer, method: str
) -> None:
    def short(self: MemoryConnection, request: BulkStatRequest | BulkDeleteRequest) -> list[object]:
        return []

    offer = offer_of(driver_whose(**{method: short}))
    told = offer.stat_many(stats("a")) if method == "bulk_stat" else offer.delete_many(deletes("a"))

    (error,) = told
    assert isinstance(error, OfferFailedError)
    assert "defect" in error.message


# --- without a fallback --------------------------------------------------------------------

TICKET = AccessTicket(id="one", refs=[ref("a")])
REFUSED: dict[str, Callable[[Offer], object]] = {
    "place": lambda offer: offer.place_hold(PlaceHoldRequest(ref=ref("a"), id="case")),
    "lift": lambda offer: offer.lift_hold(LiftHoldRequest(ref=ref("a"), id="case")),
    "ask": lambda offer: offer.request_access(AccessRequest(refs=[ref("a")])),
    "status": lambda offer: offer.access_status(AccessStatusRequest(tickets=[TICKET])),
    "cancel": lambda offer: offer.cancel_access(AccessCancelRequest(ticket=TICKET)),
    "copy": lambda offer: offer.server_copy(ServerCopyRequest(source=ref("a"), ref=ref("z"))),
    "log": lambda offer: offer.log(LogRequest(tenant=0, container="object")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_service_that_is_not_there_is_refused_clearly(memory: MemoryOffer, what: str) -> None:
    offer = offer_of(withheld=frozenset(Capability))

    with pytest.raises(UnsupportedOperationError, match="nothing was done") as caught:
        REFUSED[what](offer)
    assert caught.value.offer == "north"


@pytest.mark.parametrize("what", REFUSED)
def test_a_driver_of_1_0_is_not_asked_for_what_1_1_defined(memory: MemoryOffer, what: str) -> None:
    offer = offer_of(OldDriver())

    assert Capability.SERVER_COPY not in offer.capabilities
    assert Capability.REPLACE in offer.capabilities
    with pytest.raises(UnsupportedOperationError):
        REFUSED[what](offer)


@pytest.mark.parametrize("what", REFUSED)
def test_a_service_is_asked_again_after_a_lost_answer(memory: MemoryOffer, what: str) -> None:
    offer = offer_of()
    operation = {
        "place": "place_hold",
        "lift": "lift_hold",
        "ask": "request_access",
        "status": "access_status",
        "cancel": "cancel_access",
        "copy": "server_copy",
        "log": "log",
    }[what]
    memory.fail_next(ConnectionLostError("reset"), operation=operation)

    assert REFUSED[what](offer) is not None


def test_what_is_cold_is_asked_for_through_the_offer_and_not_waited_for(
    memory: MemoryOffer,
) -> None:
    offer = offer_of()
    memory.chill(ref("a"))
    memory.cold.delay = 3600.0

    with pytest.raises(NotReadyError):
        offer.get(GetRequest(ref=ref("a")))
    assert offer._retrier.clock.slept == []  # type: ignore[attr-defined]
    ticket = offer.request_access(AccessRequest(refs=[ref("a")]))
    (told,) = offer.access_status(AccessStatusRequest(tickets=[ticket]))
    assert told.state is AccessState.WAITING
    memory.cold.hasten(3600.0)
    with offer.get(GetRequest(ref=ref("a"))) as result:
        assert result.stream.read() == b"a"
    assert offer.cancel_access(AccessCancelRequest(ticket=ticket)).released


def test_a_hold_that_may_not_be_placed_is_told_in_the_name_of_the_offer(
    memory: MemoryOffer,
) -> None:
    memory.fail_next(ForbiddenError("no right to place holds"), operation="place_hold")

    with pytest.raises(ForbiddenError) as caught:
        offer_of().place_hold(PlaceHoldRequest(ref=ref("a"), id="case"))
    assert (caught.value.offer, caught.value.ref) == ("north", ref("a"))


def test_a_copy_that_claims_a_digest_it_does_not_give_is_a_defect(memory: MemoryOffer) -> None:
    def claims(self: MemoryConnection, request: ServerCopyRequest) -> ServerCopyResult:
        return ServerCopyResult(size=1, evidence=Evidence.REPORTED)

    offer = offer_of(driver_whose(server_copy=claims))
    with pytest.raises(OfferFailedError, match="defect"):
        offer.server_copy(ServerCopyRequest(source=ref("a"), ref=ref("z")))


def test_a_log_out_of_order_is_a_defect(memory: MemoryOffer) -> None:
    offer_of().delete_many(deletes("a", "b"))

    def backwards(self: MemoryConnection, request: LogRequest) -> list[LogEntry]:
        return list(MemoryConnection.log(self, request))[::-1]

    request = LogRequest(tenant=0, container="object")
    assert [entry.number for entry in offer_of().log(request)] == [1, 2]
    with pytest.raises(OfferFailedError, match="out of order"):
        offer_of(driver_whose(log=backwards)).log(request)
