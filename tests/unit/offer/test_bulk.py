"""Many puts in one call: every one has its outcome, and none stops the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from coffre.contract import (
    ByteStream,
    Capability,
    CoffreError,
    ConnectionLostError,
    Evidence,
    ForbiddenError,
    ObjectConflictError,
    ObjectCorruptError,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    SizeMismatchError,
    SourceError,
    UnsupportedOperationError,
)
from coffre.offer import NO_RETRY, Offer
from coffre.testing import FakeClock, MemoryOffer
from tests.unit.offer.conftest import POLICY
from tests.unit.offer.samples import put_of, ref
from tests.unit.offer.scripted import Script, ScriptedDriver

THREE = [put_of(b"one", "a"), put_of(b"two!", "b"), put_of(b"three", "c")]


def codes(outcomes: list[PutResult | CoffreError]) -> list[str]:
    return [each.code if isinstance(each, CoffreError) else "stored" for each in outcomes]


def unavailable() -> OfferUnavailableError:
    return OfferUnavailableError("maintenance")


def lost() -> ConnectionLostError:
    return ConnectionLostError("reset")


@pytest.fixture(params=["bulk service", "one by one"])
def driver(request: pytest.FixtureRequest) -> ScriptedDriver:
    """The same outcomes are due with the service and without."""
    everything = ScriptedDriver().capabilities
    without = everything - {Capability.BULK_PUT}
    return ScriptedDriver(everything if request.param == "bulk service" else without)


@pytest.fixture
def with_service(driver: ScriptedDriver) -> bool:
    return Capability.BULK_PUT in driver.capabilities


def test_many_objects_are_stored_over_one_connection(
    offer: Offer, script: Script, with_service: bool
) -> None:
    assert codes(offer.put_many(THREE)) == ["stored"] * 3

    puts = ["bulk_put"] if with_service else ["put"] * 3
    assert script.calls == ["connect", *puts, "close"]


def test_no_objects_need_no_connection(offer: Offer, script: Script) -> None:
    assert offer.put_many([]) == []
    assert script.calls == []


def test_one_bad_object_does_not_stop_the_others(offer: Offer, memory: MemoryOffer) -> None:
    memory.plant(ref("b"), b"other bytes")
    bad_size = put_of(b"four", "d", size=5, announced=False)

    outcomes = offer.put_many([*THREE, bad_size])

    assert codes(outcomes) == ["stored", "object-conflict", "stored", "size-mismatch"]
    conflict, mismatch = outcomes[1], outcomes[3]
    assert isinstance(conflict, ObjectConflictError)
    assert isinstance(mismatch, SizeMismatchError)
    assert (conflict.offer, conflict.ref) == ("north", ref("b"))
    assert (mismatch.offer, mismatch.ref) == ("north", ref("d"))


class Gone:
    """A content whose file has vanished."""

    def open(self) -> ByteStream:
        raise SourceError("the file vanished")


def test_a_source_that_fails_does_not_stop_the_others(offer: Offer, memory: MemoryOffer) -> None:
    gone = PutRequest(ref=ref("gone"), content=Gone(), size=3)

    outcomes = offer.put_many([THREE[0], gone, THREE[2]])

    assert codes(outcomes) == ["stored", "source-unreadable", "stored"]
    assert memory.bytes_of(ref("c")) == b"three"


def test_a_request_that_the_driver_cannot_honour_does_not_stop_the_others() -> None:
    driver = ScriptedDriver(frozenset())
    offer = Offer("north", driver, driver.where)

    outcomes = offer.put_many([replace(THREE[0], replace=True), *THREE[1:]])

    assert codes(outcomes) == ["unsupported", "stored", "stored"]
    assert isinstance(outcomes[0], UnsupportedOperationError)
    assert outcomes[0].offer == "north"


def test_the_same_reference_twice_is_put_one_after_the_other(offer: Offer) -> None:
    outcomes = offer.put_many([THREE[0], THREE[1], THREE[0], put_of(b"other", "a")])

    assert codes(outcomes) == ["stored", "stored", "stored", "object-conflict"]


def test_an_offer_that_comes_back_gets_what_it_missed(
    offer: Offer, script: Script, clock: FakeClock
) -> None:
    script.fail("connect", unavailable, times=2)

    assert codes(offer.put_many(THREE)) == ["stored"] * 3
    assert clock.slept == [0.5, 1.0]


def test_an_offer_that_stays_away_fails_all_without_being_asked_for_each(
    offer: Offer, script: Script
) -> None:
    script.fail("connect", unavailable, times=1000)

    assert codes(offer.put_many(THREE)) == ["offer-unavailable"] * 3
    assert script.calls == ["connect"] * POLICY.attempts


def test_reading_back_is_done_for_each(offer: Offer, memory: MemoryOffer, script: Script) -> None:
    def spoil(result: object) -> object:
        memory.damage(ref("a"))
        return result

    script.answer("bulk_put", spoil)
    script.answer("put", spoil)

    outcomes = offer.put_many(THREE, verify=Evidence.READ)

    assert codes(outcomes) == ["object-corrupt", "stored", "stored"]
    assert isinstance(outcomes[0], ObjectCorruptError)
    assert [o.evidence for o in outcomes if isinstance(o, PutResult)] == [Evidence.READ] * 2


# --- the bulk service ----------------------------------------------------------------------------


@pytest.fixture
def bulk_offer(clock: FakeClock) -> tuple[Offer, ScriptedDriver]:
    driver = ScriptedDriver()
    offer = Offer("north", driver, driver.where, retry=POLICY, clock=clock, chance=lambda: 0.5)
    return offer, driver


def changed(
    position: int, change: Callable[[PutResult], object]
) -> Callable[[list[PutResult]], list[object]]:
    def make(results: list[PutResult]) -> list[object]:
        return [change(each) if n == position else each for n, each in enumerate(results)]

    return make


def test_one_that_may_pass_is_tried_again_alone(
    bulk_offer: tuple[Offer, ScriptedDriver],
) -> None:
    offer, driver = bulk_offer
    driver.script.answer("bulk_put", changed(1, lambda _: unavailable()))

    assert codes(offer.put_many(THREE)) == ["stored"] * 3
    assert driver.script.calls.count("bulk_put") == 1
    assert driver.script.calls.count("put") == 1


def test_a_lost_call_is_looked_into_before_it_is_sent_again(
    bulk_offer: tuple[Offer, ScriptedDriver],
) -> None:
    offer, driver = bulk_offer
    driver.script.fail("bulk_put", lost, after=True)

    outcomes = offer.put_many(THREE)

    assert codes(outcomes) == ["stored"] * 3
    assert driver.script.calls.count("bulk_put") == 1
    assert not any(o.durable for o in outcomes if isinstance(o, PutResult))


def test_a_lost_call_that_had_no_effect_is_sent_again(
    bulk_offer: tuple[Offer, ScriptedDriver],
) -> None:
    offer, driver = bulk_offer
    driver.script.fail("bulk_put", lost)

    assert codes(offer.put_many(THREE)) == ["stored"] * 3
    assert driver.script.calls.count("bulk_put") == 2


def test_a_doubt_that_was_settled_does_not_hide_a_later_refusal(
    bulk_offer: tuple[Offer, ScriptedDriver],
) -> None:
    offer, driver = bulk_offer
    driver.script.fail("bulk_put", lost)
    driver.script.fail("bulk_put", lambda: ForbiddenError("read-only"))

    assert codes(offer.put_many(THREE)) == ["forbidden"] * 3


def test_a_doubt_that_stays_is_told(
    bulk_offer: tuple[Offer, ScriptedDriver], clock: FakeClock
) -> None:
    offer, driver = bulk_offer
    driver.script.fail("bulk_put", lost, after=True)
    driver.script.fail("stat", unavailable, times=1000)

    outcomes = offer.put_many(THREE)

    assert codes(outcomes) == ["connection-lost"] * 3
    assert all(isinstance(o, ConnectionLostError) and o.effect_unknown for o in outcomes)
    assert clock.monotonic() <= 60


def test_a_doubt_that_may_not_be_looked_into_leaves_the_others_alone(
    bulk_offer: tuple[Offer, ScriptedDriver],
) -> None:
    offer, driver = bulk_offer
    driver.script.fail("bulk_put", lost, after=True)
    driver.script.fail("stat", lambda: ForbiddenError("no right to read"))

    assert codes(offer.put_many(THREE)) == ["connection-lost", "stored", "stored"]


def test_results_are_not_believed_either(bulk_offer: tuple[Offer, ScriptedDriver]) -> None:
    offer, driver = bulk_offer
    driver.script.answer("bulk_put", changed(2, lambda result: replace(result, size=1)))

    assert codes(offer.put_many(THREE)) == ["stored", "stored", "object-corrupt"]


def test_an_outcome_too_few_is_a_defect(bulk_offer: tuple[Offer, ScriptedDriver]) -> None:
    offer, driver = bulk_offer
    driver.script.answer("bulk_put", lambda results: results[:-1])

    outcomes = offer.put_many(THREE)

    assert codes(outcomes) == ["offer-failed"] * 3
    assert isinstance(outcomes[0], OfferFailedError)
    assert "2 outcomes for 3 puts" in str(outcomes[0])


def test_an_outcome_that_is_none_is_a_defect(bulk_offer: tuple[Offer, ScriptedDriver]) -> None:
    offer, driver = bulk_offer
    driver.script.answer("bulk_put", changed(0, lambda _: None))

    assert codes(offer.put_many(THREE)) == ["offer-failed", "stored", "stored"]


# --- one by one -------------------------------------------------------------------------------


def test_a_session_that_dies_is_replaced_for_the_next_object(clock: FakeClock) -> None:
    driver = ScriptedDriver(frozenset())
    offer = Offer("north", driver, driver.where, retry=POLICY, clock=clock, chance=lambda: 0.5)
    driver.script.fail("put", lost)

    assert codes(offer.put_many(THREE)) == ["stored"] * 3
    assert driver.script.open == 0


def test_an_offer_that_takes_sessions_and_nothing_else_is_soon_left_alone(
    clock: FakeClock,
) -> None:
    driver = ScriptedDriver(frozenset())
    offer = Offer("north", driver, driver.where, retry=POLICY, clock=clock, chance=lambda: 0.5)
    driver.script.fail("put", unavailable, times=1000)

    outcomes = offer.put_many([put_of(b"x", f"n{number}") for number in range(50)])

    assert codes(outcomes) == ["offer-unavailable"] * 50
    assert driver.script.calls.count("put") == 3 * POLICY.attempts


def test_one_object_in_two_that_fails_does_not_stop_the_others() -> None:
    driver = ScriptedDriver(frozenset())
    offer = Offer("north", driver, driver.where, retry=NO_RETRY)
    for _ in range(5):
        driver.script.fail("put", unavailable)
        driver.script.answer("put", lambda result: result)

    outcomes = offer.put_many([put_of(b"x", f"n{number}") for number in range(10)])

    assert codes(outcomes) == ["offer-unavailable", "stored"] * 5
