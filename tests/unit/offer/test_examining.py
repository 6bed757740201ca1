"""Examinations: many objects over one connection, and nothing believed that was not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from coffre.contract import (
    ConnectionLostError,
    ObjectCorruptError,
    ObjectNotFoundError,
    OfferFailedError,
    OfferUnavailableError,
)
from coffre.offer import Offer
from coffre.streams import CHUNK, BytesContent, ReadableStream
from coffre.testing import MemoryOffer
from tests.unit.offer.samples import CHARTER, REF, digest, ref
from tests.unit.offer.scripted import Script

LARGE = bytes(CHUNK) + CHARTER


@pytest.fixture(autouse=True)
def held(memory: MemoryOffer) -> None:
    memory.plant(REF, CHARTER)
    memory.plant(ref("large"), LARGE)


def giving(data: bytes) -> object:
    """Make the driver's stream give other bytes than it says."""
    return lambda result: replace(result, stream=BytesContent(data).open())


def test_objects_are_read_one_after_the_other_over_one_connection(
    offer: Offer, script: Script
) -> None:
    with offer.examine() as examination:
        for _ in range(3):
            examination.read(REF, len(CHARTER), digest())
        examination.read(ref("large"), len(LARGE), digest(LARGE))

        assert examination.bytes_read == len(LARGE)
        assert script.open == 1
    assert script.calls == ["connect", "get", "get", "get", "get", "close"]


@pytest.mark.parametrize("data", [CHARTER, LARGE], ids=["small", "large"])
def test_other_bytes_are_corruption_and_what_is_read_next_comes_over_a_fresh_connection(
    offer: Offer, script: Script, memory: MemoryOffer, data: bytes
) -> None:
    memory.plant(ref("bad"), data)
    wanted = digest(data)
    memory.damage(ref("bad"))

    with offer.examine() as examination:
        with pytest.raises(ObjectCorruptError) as caught:
            examination.read(ref("bad"), len(data), wanted)
        assert examination.bytes_read == len(data)
        assert (caught.value.offer, caught.value.ref) == ("north", ref("bad"))
        assert script.open == 0

        examination.read(REF, len(CHARTER), digest())
    assert script.calls.count("connect") == 2


def test_another_size_is_corruption_before_a_byte_is_read(offer: Offer) -> None:
    with offer.examine() as examination:
        with pytest.raises(ObjectCorruptError, match="22 bytes, 23 were expected"):
            examination.read(REF, 23, digest())

        assert examination.bytes_read == 0


@pytest.mark.parametrize("given", [CHARTER[:-1], CHARTER + b"!"], ids=["short", "long"])
def test_another_number_of_bytes_than_was_said_is_a_cut(
    offer: Offer, script: Script, given: bytes
) -> None:
    script.answer("get", giving(given))  # type: ignore[arg-type]

    with offer.examine() as examination, pytest.raises(ConnectionLostError) as caught:
        examination.read(REF, len(CHARTER), digest())

    assert caught.value.offer == "north"


def test_a_stream_that_breaks_is_not_tried_again(offer: Offer, script: Script) -> None:
    class Breaking(ReadableStream):
        def chunks(self) -> Iterator[bytes]:
            yield CHARTER[:5]
            raise ValueError("boom")

    script.answer("get", lambda result: replace(result, stream=Breaking()))

    with offer.examine() as examination, pytest.raises(OfferFailedError, match="ValueError"):
        examination.read(REF, len(CHARTER), digest())

    assert script.calls.count("get") == 1


def test_a_stream_that_gives_less_at_a_time_is_read_on(offer: Offer, script: Script) -> None:
    class Dripping(ReadableStream):
        def chunks(self) -> Iterator[bytes]:
            return (CHARTER[at : at + 1] for at in range(len(CHARTER)))

    script.answer("get", lambda result: replace(result, stream=Dripping()))

    with offer.examine() as examination:
        examination.read(REF, len(CHARTER), digest())

        assert examination.bytes_read == len(CHARTER)


def test_opening_is_tried_again_over_a_fresh_connection(offer: Offer, script: Script) -> None:
    script.fail("get", lambda: OfferUnavailableError("maintenance"))
    script.fail("connect", lambda: OfferUnavailableError("maintenance"))

    with offer.examine() as examination:
        examination.read(REF, len(CHARTER), digest())

    assert script.calls == ["connect", "connect", "get", "close", "connect", "get", "close"]


def test_absent_is_the_offers_own_answer(offer: Offer) -> None:
    with offer.examine() as examination, pytest.raises(ObjectNotFoundError) as caught:
        examination.read(ref("absent"), 1, digest())

    assert caught.value.offer == "north"


def test_an_offer_that_was_closed_is_read_no_more(offer: Offer, script: Script) -> None:
    with offer.examine() as examination:
        examination.read(REF, len(CHARTER), digest())
        offer.close()

        with pytest.raises(OfferUnavailableError, match="removed"):
            examination.read(REF, len(CHARTER), digest())
    assert script.calls.count("get") == 1
