"""What an offer makes of a put: checks before, checks after, doubts settled in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coffre.contract import (
    ByteStream,
    Capability,
    ConnectionLostError,
    DigestAlgorithm,
    Evidence,
    ForbiddenError,
    InvalidRequestError,
    ObjectConflictError,
    ObjectCorruptError,
    OfferFailedError,
    OfferTimeoutError,
    OfferUnavailableError,
    PutRequest,
    SourceError,
    UnsupportedOperationError,
)
from coffre.offer import NO_RETRY, Offer
from coffre.streams import OnceContent
from coffre.testing import FakeClock, MemoryOffer
from tests.unit.offer.samples import CHARTER, REF, digest, put_of
from tests.unit.offer.scripted import Script, ScriptedDriver


def lost() -> ConnectionLostError:
    return ConnectionLostError("reset by peer")


def unavailable() -> OfferUnavailableError:
    return OfferUnavailableError("maintenance")


def test_an_object_is_stored_over_one_connection(offer: Offer, script: Script) -> None:
    result = offer.put(put_of())

    assert (result.size, result.digest) == (len(CHARTER), digest())
    assert script.calls == ["connect", "put", "close"]


def test_a_request_that_the_driver_cannot_honour_is_refused_before_anything_is_sent() -> None:
    driver = ScriptedDriver(frozenset())
    offer = Offer("north", driver, driver.where)

    with pytest.raises(UnsupportedOperationError) as caught:
        offer.put(put_of(replace=True))

    assert caught.value.offer == "north"
    assert driver.script.calls == ["connect", "close"]


def test_a_capability_that_is_withheld_is_not_relied_on(driver: ScriptedDriver) -> None:
    offer = Offer("north", driver, driver.where, withheld=frozenset({Capability.REPLACE}))

    with pytest.raises(UnsupportedOperationError):
        offer.put(put_of(replace=True))

    assert Capability.REPLACE not in offer.capabilities
    assert Capability.METADATA in offer.capabilities


def test_an_error_says_which_offer_and_which_object(offer: Offer, script: Script) -> None:
    script.fail("put", lambda: ForbiddenError("read-only"))

    with pytest.raises(ForbiddenError) as caught:
        offer.put(put_of())

    assert (caught.value.offer, caught.value.ref) == ("north", REF)


def test_an_error_outside_the_contract_is_the_drivers_defect(offer: Offer, script: Script) -> None:
    script.fail("put", lambda: KeyError("password=hunter2"))

    with pytest.raises(OfferFailedError, match=r"'memory' raised KeyError.*defect") as caught:
        offer.put(put_of())

    assert isinstance(caught.value.__cause__, KeyError)
    assert "hunter2" not in str(caught.value)
    assert caught.value.offer == "north"
    assert script.calls.count("put") == 1


def test_an_interruption_passes_and_closes_the_connection(offer: Offer, script: Script) -> None:
    script.fail("put", KeyboardInterrupt)

    with pytest.raises(KeyboardInterrupt):
        offer.put(put_of())

    assert script.calls == ["connect", "put", "close"]


def test_a_connection_that_cannot_be_closed_spoils_nothing(
    offer: Offer, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    script.fail("close", lambda: RuntimeError("socket"))

    assert offer.put(put_of()).size == len(CHARTER)
    assert "raised while closing" in caplog.text


# --- what the driver answers -----------------------------------------------------------------


def test_another_size_than_was_put_is_not_believed(offer: Offer, script: Script) -> None:
    script.answer("put", lambda result: replace(result, size=result.size - 1))

    with pytest.raises(ObjectCorruptError, match="21 bytes after a put of 22"):
        offer.put(put_of())


def test_another_digest_than_was_announced_is_not_believed(offer: Offer, script: Script) -> None:
    script.answer("put", lambda result: replace(result, digest=digest(b"other")))

    with pytest.raises(ObjectCorruptError):
        offer.put(put_of())


def test_a_digest_of_another_algorithm_is_a_defect(offer: Offer, script: Script) -> None:
    script.answer("put", lambda r: replace(r, digest=DigestAlgorithm.MD5.of(CHARTER)))

    with pytest.raises(OfferFailedError, match="defect"):
        offer.put(put_of())


def test_an_answer_that_is_none_at_all_is_a_defect(offer: Offer, script: Script) -> None:
    script.answer("put", lambda _: None)

    with pytest.raises(OfferFailedError, match="AttributeError"):
        offer.put(put_of())


# --- trying again ------------------------------------------------------------------------------


def test_what_passes_is_tried_again_with_growing_pauses(
    offer: Offer, script: Script, clock: FakeClock
) -> None:
    script.fail("put", unavailable, times=3)

    assert offer.put(put_of()).size == len(CHARTER)
    assert clock.slept == [0.5, 1.0, 2.0]


def test_patience_ends(offer: Offer, script: Script) -> None:
    script.fail("connect", unavailable, times=9)

    with pytest.raises(OfferUnavailableError) as caught:
        offer.put(put_of())

    assert script.calls == ["connect"] * 4
    assert not caught.value.effect_unknown


def test_a_conflict_is_not_tried_again(offer: Offer, script: Script) -> None:
    offer.put(put_of())

    with pytest.raises(ObjectConflictError):
        offer.put(put_of(b"other bytes"))

    assert script.calls.count("put") == 2


def test_the_same_bytes_again_succeed_and_say_so(offer: Offer) -> None:
    offer.put(put_of())

    assert offer.put(put_of()).already_there


# --- effects that are not known ----------------------------------------------------------------


@pytest.mark.parametrize("error", [lost, lambda: OfferTimeoutError("too slow")])
def test_a_put_whose_answer_was_lost_is_found_and_not_sent_again(
    offer: Offer, script: Script, error: type[OfferUnavailableError]
) -> None:
    script.fail("put", error, after=True)

    result = offer.put(put_of())

    assert script.calls.count("put") == 1
    assert (result.size, result.digest) == (len(CHARTER), digest())
    assert result.evidence is Evidence.PRESENT
    assert not result.durable, "nobody saw it flushed"


def test_a_put_that_was_lost_on_its_way_is_sent_again(offer: Offer, script: Script) -> None:
    script.fail("put", lost)

    result = offer.put(put_of())

    assert [c for c in script.calls if c in ("put", "stat")] == ["put", "stat", "put"]
    assert not result.already_there


def test_other_bytes_of_the_same_size_are_not_taken_for_the_object(
    offer: Offer, script: Script, memory: MemoryOffer
) -> None:
    memory.plant(REF, CHARTER[::-1])
    script.fail("put", lost)

    with pytest.raises(ObjectConflictError):
        offer.put(put_of())


def test_an_object_that_was_cut_is_not_taken_for_stored(offer: Offer, script: Script) -> None:
    script.fail("put", lost, after=True)
    script.answer("stat", lambda found: replace(found, size=found.size - 1))

    offer.put(put_of())

    assert script.calls.count("put") == 2


def test_the_object_to_look_for_is_known_from_the_content_when_nothing_announced_it(
    offer: Offer, script: Script
) -> None:
    script.fail("put", lost, after=True)

    assert offer.put(put_of(announced=False)).digest == digest()
    assert script.calls.count("put") == 1


def test_where_no_digest_is_recorded_the_offer_is_asked_for_one(
    offer: Offer, script: Script
) -> None:
    script.fail("put", lost, after=True)
    script.answer("stat", lambda found: replace(found, recorded=None))

    assert offer.put(put_of()).evidence is Evidence.REPORTED


def test_where_the_offer_digests_nothing_the_object_is_read_back() -> None:
    driver = ScriptedDriver(frozenset())
    offer = Offer("north", driver, driver.where, clock=FakeClock())
    driver.script.fail("put", lost, after=True)
    driver.script.answer("stat", lambda found: replace(found, recorded=None))

    assert offer.put(put_of()).evidence is Evidence.READ
    assert driver.script.calls.count("put") == 1


def test_a_doubt_is_followed_up_until_somebody_can_look(
    offer: Offer, script: Script, clock: FakeClock
) -> None:
    script.fail("put", lost, after=True)
    script.fail("stat", unavailable, times=8)

    assert offer.put(put_of()).digest == digest()
    assert script.calls.count("put") == 1
    assert script.calls.count("stat") == 9


def test_a_doubt_that_stays_is_told(offer: Offer, script: Script, clock: FakeClock) -> None:
    script.fail("put", lost, after=True)
    script.fail("stat", unavailable, times=1000)

    with pytest.raises(ConnectionLostError, match="reset by peer") as caught:
        offer.put(put_of())

    assert caught.value.effect_unknown
    assert isinstance(caught.value.__cause__, OfferUnavailableError)
    assert 50 < clock.monotonic() <= 60, "it went on until the deadline"
    assert script.calls.count("put") == 1, "and never sent it again"


def test_a_doubt_that_may_not_be_looked_into_is_told(offer: Offer, script: Script) -> None:
    script.fail("put", lost, after=True)
    script.fail("stat", lambda: ForbiddenError("no right to read"))

    with pytest.raises(ConnectionLostError) as caught:
        offer.put(put_of())

    assert caught.value.effect_unknown


def test_a_connection_that_never_opened_leaves_no_doubt(
    driver: ScriptedDriver, script: Script
) -> None:
    offer = Offer("north", driver, driver.where, retry=NO_RETRY)
    script.fail("connect", lambda: OfferTimeoutError("no route"))

    with pytest.raises(OfferTimeoutError) as caught:
        offer.put(put_of())

    assert not caught.value.effect_unknown


# --- contents ----------------------------------------------------------------------------------


class Broken:
    """A content of somebody else's making, which fails in its own way."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.opened = 0

    def open(self) -> ByteStream:
        self.opened += 1
        return self

    def read(self, size: int = -1, /) -> bytes:
        raise self._error

    def close(self) -> None:
        pass

    def __enter__(self) -> Broken:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def broken(error: Exception) -> tuple[Broken, PutRequest]:
    content = Broken(error)
    return content, PutRequest(ref=REF, content=content, size=9)


def test_a_source_that_fails_is_not_blamed_on_the_driver(offer: Offer, memory: MemoryOffer) -> None:
    _, request = broken(OSError("disk on fire"))

    with pytest.raises(SourceError, match="disk on fire") as caught:
        offer.put(request)

    assert caught.value.offer is None
    assert memory.bytes_of(REF) is None


def test_the_error_of_another_offer_that_is_read_from_passes_unchanged(offer: Offer) -> None:
    theirs = OfferUnavailableError("maintenance")
    theirs.offer = "south"
    content, request = broken(theirs)

    with pytest.raises(OfferUnavailableError) as caught:
        offer.put(request)

    assert caught.value is theirs
    assert caught.value.offer == "south"
    assert content.opened == 1, "north has no reason to try again"


def test_a_source_that_can_be_read_once_only_does_not_hide_why_it_was_read_again(
    offer: Offer, script: Script
) -> None:
    script.fail("put", unavailable, after=True)
    content = OnceContent(put_of().content.open())

    with pytest.raises(SourceError) as caught:
        offer.put(PutRequest(ref=REF, content=content, size=len(CHARTER)))

    assert isinstance(caught.value.__cause__, OfferUnavailableError)


# --- evidence ----------------------------------------------------------------------------------


def test_reading_back_is_evidence_that_the_bytes_were_read(offer: Offer, script: Script) -> None:
    result = offer.put(put_of(), verify=Evidence.READ)

    assert result.evidence is Evidence.READ
    assert script.calls == ["connect", "put", "close", "connect", "get", "close"]


def test_reading_back_finds_what_the_offer_made_of_the_bytes(
    offer: Offer, script: Script, memory: MemoryOffer
) -> None:
    def spoil(result: object) -> object:
        memory.damage(REF)
        return result

    script.answer("put", spoil)

    with pytest.raises(ObjectCorruptError) as caught:
        offer.put(put_of(), verify=Evidence.READ)

    assert (caught.value.offer, caught.value.ref) == ("north", REF)


def test_an_object_that_was_there_is_read_back_too(offer: Offer, memory: MemoryOffer) -> None:
    offer.put(put_of())

    result = offer.put(put_of(), verify=Evidence.READ)

    assert result.already_there
    assert result.evidence is Evidence.READ


def test_the_drivers_own_reading_does_not_stand_for_ours(offer: Offer, script: Script) -> None:
    script.answer("put", lambda result: replace(result, evidence=Evidence.READ))

    offer.put(put_of(), verify=Evidence.READ)

    assert script.calls.count("get") == 1


def test_an_interrupted_reading_back_is_tried_again(offer: Offer, script: Script) -> None:
    script.fail("get", unavailable)

    assert offer.put(put_of(), verify=Evidence.READ).evidence is Evidence.READ
    assert script.calls.count("put") == 1


def test_the_offer_is_asked_for_its_digest_where_it_can_tell(offer: Offer, script: Script) -> None:
    assert offer.put(put_of(), verify=Evidence.REPORTED).evidence is Evidence.REPORTED
    assert script.calls.count("get") == 0


def test_where_it_cannot_tell_the_object_is_read_back_instead() -> None:
    driver = ScriptedDriver(frozenset())
    offer = Offer("north", driver, driver.where)

    assert offer.put(put_of(), verify=Evidence.REPORTED).evidence is Evidence.READ


def test_evidence_that_the_put_came_with_is_not_gathered_twice(
    offer: Offer, script: Script
) -> None:
    offer.put(put_of(), verify=Evidence.PRESENT)

    assert script.calls == ["connect", "put", "close"]


def test_evidence_that_a_put_cannot_give_is_refused(offer: Offer, script: Script) -> None:
    with pytest.raises(InvalidRequestError):
        offer.put(put_of(), verify=Evidence.CHALLENGED)

    assert script.calls == []
