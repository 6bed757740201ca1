"""What an offer is beside its objects: capabilities, room, upkeep, and how it is closed."""

from __future__ import annotations

import threading

import pytest

from coffre.contract import (
    Capability,
    ConnectionLostError,
    ConnectionParameters,
    GetRequest,
    ListRequest,
    ObjectNotFoundError,
    OfferUnavailableError,
    QuarantineRequest,
    Secret,
    UnsupportedOperationError,
)
from coffre.offer import Offer
from coffre.testing import MemoryOffer
from tests.unit.offer.samples import CHARTER, REF, put_of
from tests.unit.offer.scripted import Script, ScriptedDriver

BAD = QuarantineRequest(ref=REF, reason="object-corrupt")


def bare() -> Offer:
    driver = ScriptedDriver(frozenset())
    return Offer("north", driver, driver.where)


def test_a_repr_names_the_offer_and_no_secret() -> None:
    driver = ScriptedDriver()
    parameters = ConnectionParameters(
        url=driver.memory.url, values=(("key", Secret("hunter2")), ("user", "ada"))
    )

    assert (
        repr(Offer("north", driver, parameters)) == f"<Offer 'north': memory at {parameters.url}>"
    )


def test_capabilities_are_those_of_a_connection_asked_once(offer: Offer, script: Script) -> None:
    assert Capability.RANGE_READ in offer.capabilities
    assert Capability.RANGE_READ in offer.capabilities
    assert script.calls == ["connect", "close"]


def test_an_offer_out_of_reach_is_taken_at_its_drivers_word_for_now(
    offer: Offer, script: Script
) -> None:
    script.fail("connect", lambda: OfferUnavailableError("maintenance"))

    assert Capability.RANGE_READ in offer.capabilities
    assert Capability.RANGE_READ in offer.capabilities
    assert script.calls == ["connect", "connect", "close"], "it was asked again"


def test_room_is_told(offer: Offer, memory: MemoryOffer) -> None:
    memory.limit = 1000

    assert offer.capacity().free == 1000


def test_containers_are_named(offer: Offer, script: Script) -> None:
    offer.put(put_of())

    assert [(c.tenant, c.container) for c in offer.containers()] == [(0, "object")]
    assert script.open == 0


def test_what_a_driver_cannot_do_is_refused_and_not_made_up(offer: Offer) -> None:
    poor = bare()
    with pytest.raises(UnsupportedOperationError) as caught:
        poor.quarantine(BAD)
    with pytest.raises(UnsupportedOperationError):
        poor.sweep()
    with pytest.raises(UnsupportedOperationError):
        list(poor.containers())

    assert caught.value.offer == "north"


def test_bad_bytes_are_set_aside(offer: Offer, memory: MemoryOffer) -> None:
    offer.put(put_of())

    assert offer.quarantine(BAD).size == len(CHARTER)
    assert memory.bytes_of(REF) is None
    assert memory.quarantined[0].data == CHARTER


def test_a_quarantine_whose_answer_was_lost_is_not_repeated(offer: Offer, script: Script) -> None:
    offer.put(put_of())
    script.fail("quarantine", lambda: ConnectionLostError("reset"), after=True)

    with pytest.raises(ConnectionLostError) as caught:
        offer.quarantine(BAD)

    assert caught.value.effect_unknown
    assert script.calls.count("quarantine") == 1


def test_a_quarantine_that_was_never_sent_is_tried_again(offer: Offer, script: Script) -> None:
    offer.put(put_of())
    script.fail("connect", lambda: ConnectionLostError("reset"))

    assert offer.quarantine(BAD).size == len(CHARTER)


def test_nothing_to_set_aside_is_said(offer: Offer) -> None:
    with pytest.raises(ObjectNotFoundError):
        offer.quarantine(BAD)


def test_leftovers_are_swept(offer: Offer, memory: MemoryOffer) -> None:
    memory.leave_behind(100, age=7200.0)

    assert offer.sweep().freed == 100


# --- availability --------------------------------------------------------------------------------


def test_availability_is_the_drivers_answer(offer: Offer, memory: MemoryOffer) -> None:
    assert offer.is_available()


def test_a_driver_that_raises_when_asked_for_availability_is_not_available(
    offer: Offer, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    script.fail("is_available", lambda: RuntimeError("bug"))

    assert not offer.is_available()
    assert "raised when asked for availability" in caplog.text


# --- closing ---------------------------------------------------------------------------------


def test_a_closed_offer_takes_no_new_work(offer: Offer, script: Script) -> None:
    offer.close()

    for work in (
        lambda: offer.put(put_of()),
        lambda: offer.put_many([put_of()]),
        lambda: offer.get(GetRequest(ref=REF)),
        lambda: offer.list(ListRequest(tenant=0, container="object")),
        lambda: list(offer.containers()),
    ):
        with pytest.raises(OfferUnavailableError, match="closed") as caught:
            work()
        assert caught.value.offer == "north"
    assert not offer.is_available()
    assert script.calls == []


def test_closing_waits_for_an_open_stream(offer: Offer) -> None:
    offer.put(put_of())
    result = offer.get(GetRequest(ref=REF))
    finished = threading.Event()

    def close() -> None:
        offer.close()
        finished.set()

    thread = threading.Thread(target=close)
    thread.start()
    assert not offer.close(timeout=0), "the stream is still open"
    assert result.stream.read() == CHARTER, "open work goes on"
    assert not finished.is_set()

    result.stream.close()
    thread.join(timeout=10)

    assert finished.is_set()


def test_work_that_fails_is_over_too(offer: Offer, script: Script) -> None:
    with pytest.raises(ObjectNotFoundError):
        offer.get(GetRequest(ref=REF))
    with pytest.raises(ObjectNotFoundError):
        offer.quarantine(BAD)

    assert offer.close(timeout=0)


def test_leaving_the_block_closes_the_offer(offer: Offer) -> None:
    with offer:
        offer.put(put_of())

    with pytest.raises(OfferUnavailableError):
        offer.put(put_of())


def test_several_threads_use_one_offer(offer: Offer, script: Script, memory: MemoryOffer) -> None:
    def put(number: int) -> None:
        for n in range(50):
            offer.put(put_of(b"x", f"t{number}-{n}"))

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(memory.refs()) == 400
    assert offer.close(timeout=0)
