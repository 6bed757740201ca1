"""The chaos driver: faults fire where the script says, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import (
    BulkPutRequest,
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    DeleteRequest,
    DigestAlgorithm,
    DigestMismatchError,
    GetRequest,
    ListRequest,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    SourceError,
    StatRequest,
)
from coffre.streams import BytesContent
from coffre.testing import (
    ANY,
    BAD_FAITH,
    BAD_WEATHER,
    AbsentForUnreachable,
    BrokenListing,
    BrokenRead,
    Chance,
    ChaosDriver,
    ErrorAfter,
    ErrorBefore,
    FailingContent,
    FakeClock,
    FalselyAbsent,
    FlipOnRead,
    FlipOnWrite,
    IncompleteListing,
    Latency,
    LostDelete,
    LostWrite,
    LyingDigest,
    MemoryDriver,
    MemoryOffer,
    ParrotDigest,
    Rule,
    ShortRead,
    StaleListing,
    TornWrite,
    WrongSize,
)

URL = "memory://chaos"
PARAMETERS = ConnectionParameters(url=URL)
CHARTER = ObjectRef(tenant=0, container="object", identifier="charter")
TEXT = b"the charter of 1215"
TRUE_DIGEST = DigestAlgorithm.SHA512.of(TEXT)
WHOLE = ListRequest(tenant=0, container="object")


@pytest.fixture
def offer() -> MemoryOffer:
    MemoryOffer.discard(URL)
    return MemoryOffer.at(URL)


def chaos(*script: Rule | Chance, seed: int = 0) -> ChaosDriver:
    return ChaosDriver(MemoryDriver(), script, seed=seed, clock=FakeClock())


def session(*script: Rule | Chance, seed: int = 0) -> Connection:
    return chaos(*script, seed=seed).connect(PARAMETERS)


def deposit(ref: ObjectRef = CHARTER, data: bytes = TEXT) -> PutRequest:
    return PutRequest(
        ref=ref,
        content=BytesContent(data),
        size=len(data),
        expected=DigestAlgorithm.SHA512.of(data),
    )


def named(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)


def names(connection: Connection) -> list[str]:
    return [entry.identifier for entry in connection.list(WHOLE)]


# --- when ---------------------------------------------------------------------------------


def test_a_rule_fires_at_the_call_it_names(offer: MemoryOffer) -> None:
    driver = chaos(Rule("stat", ErrorBefore(), nth=2))
    connection = driver.connect(PARAMETERS)
    connection.put(deposit())

    connection.stat(StatRequest(ref=CHARTER))
    with pytest.raises(OfferUnavailableError):
        connection.stat(StatRequest(ref=CHARTER))
    connection.stat(StatRequest(ref=CHARTER))

    assert [str(one) for one in driver.fired] == [
        "stat 2 0/object/charter: ErrorBefore(kind=<class "
        "'coffre.contract.errors.OfferUnavailableError'>, "
        "message='chaos: failed before the effect')"
    ]


def test_a_rule_for_one_object_counts_only_its_calls(offer: MemoryOffer) -> None:
    connection = session(Rule("put", ErrorBefore(), ref=CHARTER))

    connection.put(deposit(named("other")))
    with pytest.raises(OfferUnavailableError):
        connection.put(deposit())


def test_the_first_fault_of_a_script_is_the_outermost(offer: MemoryOffer) -> None:
    clock = FakeClock()
    script = [Rule("put", Latency(3.0)), Rule("put", ErrorBefore()), Rule("put", Latency(5.0))]
    driver = ChaosDriver(MemoryDriver(), script, clock=clock)

    with pytest.raises(OfferUnavailableError):
        driver.connect(PARAMETERS).put(deposit())

    assert clock.slept == [3.0]


def test_a_rule_that_could_never_fire_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ShortRead\(keep=None\) makes no sense for put"):
        Rule("put", ShortRead())
    with pytest.raises(ValueError, match="count from 1"):
        Rule("put", LostWrite(), nth=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Chance("put", LostWrite(), 2.0)


LIFE: list[Callable[[Connection, ObjectRef], object]] = [
    lambda connection, ref: connection.put(deposit(ref)).digest,
    lambda connection, ref: connection.get(GetRequest(ref=ref)).stream.read(),
    lambda connection, ref: connection.stat(StatRequest(ref=ref)).size,
]


def history(seed: int) -> list[str]:
    """What is told, and what fires, in the life of twenty objects under one seed."""
    MemoryOffer.discard(URL)
    driver = chaos(*BAD_WEATHER, *BAD_FAITH, seed=seed)
    told = []
    for number in range(20):
        for ask in LIFE:
            try:
                with driver.connect(PARAMETERS) as connection:
                    told.append(repr(ask(connection, named(f"n{number}"))))
            except OfferError as error:
                told.append(repr(error))
    return told + [str(one) for one in driver.fired]


@given(seed=st.integers())
def test_one_seed_tells_one_story(seed: int) -> None:
    assert history(seed) == history(seed)


def test_another_seed_tells_another_story() -> None:
    assert history(1) != history(2)


def test_faults_can_be_injected_and_calmed_on_the_way(offer: MemoryOffer) -> None:
    driver = chaos()
    connection = driver.connect(PARAMETERS)
    driver.inject("put", LostWrite(), times=None)

    connection.put(deposit())
    driver.calm()
    connection.put(deposit(named("other")))

    assert offer.refs() == [named("other")]


# --- what ---------------------------------------------------------------------------------


def test_an_error_before_has_no_effect(offer: MemoryOffer) -> None:
    with pytest.raises(OfferUnavailableError) as caught:
        session(Rule("put", ErrorBefore())).put(deposit())

    assert caught.value.ref == CHARTER
    assert offer.bytes_of(CHARTER) is None


def test_an_error_after_has_had_its_effect_and_says_it_may(offer: MemoryOffer) -> None:
    with pytest.raises(ConnectionLostError) as caught:
        session(Rule("put", ErrorAfter())).put(deposit())

    assert caught.value.effect_unknown
    assert offer.bytes_of(CHARTER) == TEXT


def test_a_lost_session_stays_lost(offer: MemoryOffer) -> None:
    driver = chaos(Rule("put", ErrorAfter()))
    connection = driver.connect(PARAMETERS)
    with pytest.raises(ConnectionLostError):
        connection.put(deposit())

    with pytest.raises(ConnectionLostError) as caught:
        connection.stat(StatRequest(ref=CHARTER))

    assert not caught.value.effect_unknown
    assert driver.connect(PARAMETERS).stat(StatRequest(ref=CHARTER)).size == len(TEXT)


def test_a_service_in_trouble_is_not_available(offer: MemoryOffer) -> None:
    driver = chaos(Rule("is_available", ErrorBefore()))

    assert not driver.is_available(PARAMETERS)
    assert driver.is_available(PARAMETERS)


def test_a_short_read_ends_like_a_good_one(offer: MemoryOffer) -> None:
    offer.plant(CHARTER, TEXT)

    with session(Rule("get", ShortRead(keep=4))).get(GetRequest(ref=CHARTER)) as result:
        assert result.stream.read() == TEXT[:4]
        assert result.size == len(TEXT)


def test_a_broken_read_raises_half_way(offer: MemoryOffer) -> None:
    offer.plant(CHARTER, TEXT)

    with session(Rule("get", BrokenRead(after=4))).get(GetRequest(ref=CHARTER)) as result:
        assert result.stream.read(100) == TEXT[:4]
        with pytest.raises(ConnectionLostError):
            result.stream.read(100)


def test_a_flip_on_read_leaves_what_is_held_as_it_is(offer: MemoryOffer) -> None:
    offer.plant(CHARTER, TEXT)

    with session(Rule("get", FlipOnRead(byte=0))).get(GetRequest(ref=CHARTER)) as result:
        assert result.stream.read() == b"u" + TEXT[1:]
    assert offer.bytes_of(CHARTER) == TEXT


def test_a_position_left_open_falls_inside_the_range_asked_for(offer: MemoryOffer) -> None:
    offer.plant(CHARTER, TEXT)
    part = GetRequest(ref=CHARTER, offset=4, length=7)

    for seed in range(20):
        with session(Rule("get", FlipOnRead()), seed=seed).get(part) as result:
            read = result.stream.read()
        assert read != TEXT[4:11]
        assert len(read) == 7


@pytest.mark.parametrize(
    ("fault", "held"),
    [
        (FlipOnWrite(byte=0), b"u" + TEXT[1:]),
        (TornWrite(keep=4), TEXT[:4]),
        (TornWrite(keep=0), b""),
        (LostWrite(), None),
    ],
)
def test_a_bad_write_is_acknowledged_as_a_good_one(
    offer: MemoryOffer, fault: FlipOnWrite | TornWrite | LostWrite, held: bytes | None
) -> None:
    result = session(Rule("put", fault)).put(deposit())

    assert (result.size, result.digest) == (len(TEXT), TRUE_DIGEST)
    assert offer.bytes_of(CHARTER) == held


@pytest.mark.parametrize("fault", [FlipOnWrite(), TornWrite(), LostWrite()])
def test_a_bad_write_of_a_bulk_befalls_one_object_of_it(
    offer: MemoryOffer, fault: FlipOnWrite | TornWrite | LostWrite
) -> None:
    puts = [deposit(named(f"n{number}")) for number in range(5)]
    connection = session(Rule("bulk_put", fault))

    outcomes = connection.bulk_put(BulkPutRequest(puts=puts))  # type: ignore[attr-defined]

    assert all(isinstance(one, PutResult) and one.digest == TRUE_DIGEST for one in outcomes)
    assert sum(offer.bytes_of(put.ref) == TEXT for put in puts) == 4


@pytest.mark.parametrize("fault", [FlipOnWrite(), TornWrite(), LostWrite()])
def test_a_bad_write_hides_no_fault_of_the_source(
    offer: MemoryOffer, fault: FlipOnWrite | TornWrite | LostWrite
) -> None:
    connection = session(Rule("put", fault, times=None))
    wrong = PutRequest(
        ref=CHARTER, content=BytesContent(b"x" * len(TEXT)), size=len(TEXT), expected=TRUE_DIGEST
    )
    failing = PutRequest(ref=CHARTER, content=FailingContent(TEXT, after=4), size=len(TEXT))

    with pytest.raises(DigestMismatchError):
        connection.put(wrong)
    with pytest.raises(SourceError):
        connection.put(failing)

    assert offer.bytes_of(CHARTER) is None


def test_a_lost_deletion_is_acknowledged(offer: MemoryOffer) -> None:
    offer.plant(CHARTER, TEXT)

    assert session(Rule("delete", LostDelete())).delete(DeleteRequest(ref=CHARTER)).existed
    assert offer.bytes_of(CHARTER) == TEXT


def test_a_lying_digest_is_that_of_no_bytes_at_hand(offer: MemoryOffer) -> None:
    connection = session(Rule(ANY, LyingDigest(), times=None))

    assert connection.put(deposit()).digest != TRUE_DIGEST
    told = connection.stat(StatRequest(ref=CHARTER, digest=DigestAlgorithm.SHA512))
    assert told.digest not in (None, TRUE_DIGEST)


def test_a_parrot_repeats_what_was_recorded_whatever_is_held(offer: MemoryOffer) -> None:
    connection = session(Rule("stat", ParrotDigest()))
    connection.put(deposit())
    offer.damage(CHARTER)

    told = connection.stat(StatRequest(ref=CHARTER, digest=DigestAlgorithm.SHA512))

    assert told.digest == TRUE_DIGEST


def test_a_wrong_size_is_told_everywhere(offer: MemoryOffer) -> None:
    connection = session(Rule(ANY, WrongSize(by=-2), times=None))

    assert connection.put(deposit()).size == len(TEXT) - 2
    assert connection.stat(StatRequest(ref=CHARTER)).size == len(TEXT) - 2
    assert connection.get(GetRequest(ref=CHARTER)).size == len(TEXT) - 2


def test_falsely_absent_is_denied_in_every_way(offer: MemoryOffer) -> None:
    offer.plant(CHARTER, TEXT)
    connection = session(Rule(ANY, FalselyAbsent(), times=None))

    for ask in (
        lambda: connection.get(GetRequest(ref=CHARTER)),
        lambda: connection.stat(StatRequest(ref=CHARTER)),
    ):
        with pytest.raises(ObjectNotFoundError):
            ask()
    listing = connection.list(WHOLE)
    assert list(listing) == []
    assert listing.complete
    assert not connection.delete(DeleteRequest(ref=CHARTER)).existed
    assert offer.bytes_of(CHARTER) == TEXT


def test_an_offer_off_line_can_be_told_as_absence(offer: MemoryOffer) -> None:
    connection = session(Rule(ANY, AbsentForUnreachable(), times=None))
    connection.put(deposit())
    connection.stat(StatRequest(ref=CHARTER))
    offer.online = False

    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=CHARTER))


@pytest.mark.parametrize(
    ("behind", "shown"),
    [
        (0, ["b", "c"]),
        (1, ["a", "b", "c"]),  # the deletion of a is not shown yet
        (2, ["a", "b"]),  # nor is c
        (3, ["a"]),
        (9, []),
    ],
)
def test_a_stale_listing_does_not_show_the_last_changes(
    offer: MemoryOffer, behind: int, shown: list[str]
) -> None:
    connection = session(Rule("list", StaleListing(behind=behind)))
    for name in "abc":
        connection.put(deposit(named(name)))
    connection.delete(DeleteRequest(ref=named("a")))

    assert names(connection) == shown


def test_an_incomplete_listing_claims_to_be_complete(offer: MemoryOffer) -> None:
    for name in "abc":
        offer.plant(named(name), TEXT)

    listing = session(Rule("list", IncompleteListing(keep=2))).list(WHOLE)

    assert [entry.identifier for entry in listing] == ["a", "b"]
    assert listing.complete


def test_a_broken_listing_is_never_complete(offer: MemoryOffer) -> None:
    for name in "abc":
        offer.plant(named(name), TEXT)
    listing = session(Rule("list", BrokenListing(after=2))).list(WHOLE)

    assert [next(listing).identifier, next(listing).identifier] == ["a", "b"]
    with pytest.raises(ConnectionLostError):
        next(listing)
    assert not listing.complete


# --- what it does not know ----------------------------------------------------------------


@dataclass(frozen=True)
class ThawRequest:
    """A request of a contract yet to come."""

    ref: ObjectRef
    days: int = 1


def test_a_service_added_later_passes_through(
    offer: MemoryOffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def thaw(request: ThawRequest, *, urgent: bool = False) -> tuple[int, bool]:
        return request.days, urgent

    driver = chaos(Rule("thaw", ErrorBefore(), nth=2))
    connection: Any = driver.connect(PARAMETERS)
    monkeypatch.setattr(connection._inner, "thaw", thaw, raising=False)
    monkeypatch.setattr(connection._inner, "ping", lambda: "pong", raising=False)
    monkeypatch.setattr(connection._inner, "region", "north", raising=False)

    assert connection.thaw(ThawRequest(CHARTER, days=3), urgent=True) == (3, True)
    assert connection.ping() == "pong"
    assert connection.region == "north"
    with pytest.raises(OfferUnavailableError) as caught:
        connection.thaw(ThawRequest(CHARTER))
    assert caught.value.ref == CHARTER


def test_a_service_that_is_not_there_is_not_there_either(offer: MemoryOffer) -> None:
    assert hasattr(session(), "bulk_put")
    assert not hasattr(session(), "thaw")
    assert not hasattr(chaos(), "thaw")


def test_without_a_script_the_driver_is_the_driver(offer: MemoryOffer) -> None:
    driver, inner = chaos(), MemoryDriver()

    for attribute in ("name", "version", "contract", "parameters", "capabilities"):
        assert getattr(driver, attribute) == getattr(inner, attribute)
    assert driver.connect(PARAMETERS).capabilities == inner.connect(PARAMETERS).capabilities
    assert driver.connect(PARAMETERS).parameters is PARAMETERS


def test_its_repr_tells_what_happened(offer: MemoryOffer) -> None:
    driver = chaos(Rule("put", LostWrite()))
    driver.connect(PARAMETERS).put(deposit())

    assert repr(driver) == ("ChaosDriver(memory, fired=['put 1 0/object/charter: LostWrite()'])")
