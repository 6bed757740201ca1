"""Streams and listings of an offer: they hold their connection, and never pass a cut as an end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from coffre.contract import (
    ConnectionLostError,
    DeleteRequest,
    DigestAlgorithm,
    GetRequest,
    GetResult,
    InvalidRequestError,
    ListEntry,
    Listing,
    ListRequest,
    ObjectCorruptError,
    ObjectNotFoundError,
    OfferError,
    OfferFailedError,
    OfferUnavailableError,
    StatRequest,
)
from coffre.offer import Offer
from coffre.streams import BytesContent, ReadableStream, copy_digesting
from coffre.testing import MemoryOffer
from tests.unit.offer.samples import CHARTER, REF, digest, ref
from tests.unit.offer.scripted import Script, ScriptedDriver

WHOLE = GetRequest(ref=REF)
OBJECTS = ListRequest(tenant=0, container="object")


@pytest.fixture(autouse=True)
def held(memory: MemoryOffer) -> None:
    memory.plant(REF, CHARTER)


def giving(data: bytes) -> object:
    """Make the driver's stream give other bytes than it says."""
    return lambda result: replace(result, stream=BytesContent(data).open())


def test_a_stream_holds_its_connection_until_closed(offer: Offer, script: Script) -> None:
    result = offer.get(WHOLE)

    assert result.stream.read() == CHARTER
    assert script.open == 1

    result.stream.close()
    result.stream.close()

    assert script.open == 0


def test_everything_that_the_driver_tells_of_an_object_is_handed_on(
    offer: Offer, script: Script
) -> None:
    told = GetResult(
        stream=BytesContent(CHARTER).open(),
        size=len(CHARTER),
        metadata={"name": "Charter.pdf"},
        recorded=digest(),
    )
    unset = GetResult(stream=told.stream, size=0)
    names = [field.name for field in fields(GetResult) if field.name != "stream"]
    # One that is new must be told above, and handed on by Offer.get.
    assert all(getattr(told, name) != getattr(unset, name) for name in names)
    script.answer("get", lambda _: told)

    with offer.get(WHOLE) as result:
        assert replace(result, stream=told.stream) == told


def test_a_stream_that_was_forgotten_does_not_keep_its_offer_open(
    offer: Offer, script: Script
) -> None:
    result = offer.get(WHOLE)
    del result
    gc.collect()

    assert script.open == 0
    assert offer.close(timeout=0)


def test_the_right_bytes_are_given_and_attested(offer: Offer) -> None:
    with offer.get(WHOLE, expected=digest(), size=len(CHARTER)) as result:
        pieces: list[bytes] = []
        copied = copy_digesting(
            result.stream, lambda chunk: pieces.append(bytes(chunk)), DigestAlgorithm.SHA512
        )

    assert b"".join(pieces) == CHARTER
    assert copied.digest == digest()


def test_wrong_bytes_are_found_by_the_end(offer: Offer, memory: MemoryOffer) -> None:
    memory.damage(REF)

    with (
        offer.get(WHOLE, expected=digest()) as result,
        pytest.raises(ObjectCorruptError) as caught,
    ):
        result.stream.read()

    assert (caught.value.offer, caught.value.ref) == ("north", REF)


def test_a_failed_stream_never_looks_like_one_at_its_end(offer: Offer, memory: MemoryOffer) -> None:
    memory.damage(REF)

    with offer.get(WHOLE, expected=digest()) as result:
        for _ in range(3):
            with pytest.raises(ObjectCorruptError):
                result.stream.read(1 << 20)


def test_the_drivers_word_does_not_stand_for_reading(offer: Offer, script: Script) -> None:
    # The driver's stream attests a digest that it was told, and gives other bytes.
    liar = BytesContent(CHARTER[::-1], known=digest()).open()
    script.answer("get", lambda result: replace(result, stream=liar))

    with offer.get(WHOLE) as result:
        assert isinstance(result.stream, ReadableStream)
        assert not result.stream.attests(DigestAlgorithm.SHA512)


def test_another_size_is_corruption_before_a_byte_is_read(offer: Offer, script: Script) -> None:
    closed = []

    class Watched(ReadableStream):
        def chunks(self) -> Iterator[bytes]:
            raise AssertionError("a byte was read")

        def close(self) -> None:
            closed.append(True)

    script.answer("get", lambda result: replace(result, stream=Watched()))

    with pytest.raises(ObjectCorruptError, match="22 bytes, 23 were expected"):
        offer.get(WHOLE, size=23)

    assert closed == [True]
    assert script.open == 0


def test_a_stream_cut_short_says_nothing_of_the_object(offer: Offer, script: Script) -> None:
    script.answer("get", giving(CHARTER[:-1]))  # type: ignore[arg-type]

    with offer.get(WHOLE, expected=digest()) as result, pytest.raises(ConnectionLostError):
        result.stream.read()


def test_a_stream_that_breaks_is_signed(offer: Offer, script: Script) -> None:
    class Breaking(ReadableStream):
        def chunks(self) -> Iterator[bytes]:
            yield CHARTER[:5]
            raise ValueError("boom")

    script.answer("get", lambda result: replace(result, stream=Breaking()))

    with offer.get(WHOLE) as result, pytest.raises(OfferFailedError, match="ValueError") as caught:
        result.stream.read()

    assert caught.value.offer == "north"


def test_a_range_is_given_and_its_length_watched(offer: Offer, script: Script) -> None:
    request = GetRequest(ref=REF, offset=6, length=8)

    with offer.get(request, size=len(CHARTER)) as result:
        assert result.stream.read() == CHARTER[6:14]

    with offer.get(GetRequest(ref=REF, offset=6)) as result:
        assert result.stream.read() == CHARTER[6:]

    script.answer("get", giving(CHARTER))  # type: ignore[arg-type]
    with offer.get(request) as result, pytest.raises(ConnectionLostError):
        result.stream.read()


def test_a_range_cannot_be_verified_against_the_whole(offer: Offer, script: Script) -> None:
    with pytest.raises(InvalidRequestError):
        offer.get(GetRequest(ref=REF, offset=6), expected=digest())

    assert script.calls == []


def test_opening_is_tried_again(offer: Offer, script: Script) -> None:
    script.fail("get", lambda: OfferUnavailableError("maintenance"))

    with offer.get(WHOLE) as result:
        assert result.stream.read() == CHARTER


def test_a_stream_that_cannot_be_closed_still_gives_its_connection_back(
    offer: Offer, script: Script
) -> None:
    class Unclosable(ReadableStream):
        def chunks(self) -> Iterator[bytes]:
            return iter((CHARTER,))

        def close(self) -> None:
            raise RuntimeError("stuck")

    script.answer("get", lambda result: replace(result, stream=Unclosable()))
    result = offer.get(WHOLE)

    with pytest.raises(OfferFailedError, match="RuntimeError"):
        result.stream.close()

    assert script.open == 0


def test_absent_is_the_offers_own_answer(offer: Offer, script: Script) -> None:
    with pytest.raises(ObjectNotFoundError) as caught:
        offer.get(GetRequest(ref=ref("absent")))

    assert caught.value.offer == "north"
    assert script.open == 0


# --- stat and delete -----------------------------------------------------------------------------


def test_stat_tells_the_size(offer: Offer) -> None:
    assert offer.stat(StatRequest(ref=REF)).size == len(CHARTER)


def test_a_digest_that_was_asked_for_and_is_missing_is_a_defect(
    offer: Offer, script: Script
) -> None:
    script.answer("stat", lambda found: replace(found, digest=None))

    with pytest.raises(OfferFailedError, match="defect"):
        offer.stat(StatRequest(ref=REF, digest=DigestAlgorithm.SHA512))


def test_a_deletion_whose_answer_was_lost_is_not_sent_again(offer: Offer, script: Script) -> None:
    script.fail("delete", lambda: ConnectionLostError("reset"), after=True)

    assert offer.delete(DeleteRequest(ref=REF)).existed
    assert script.calls.count("delete") == 1


def test_a_deletion_that_was_lost_on_its_way_is_sent_again(offer: Offer, script: Script) -> None:
    script.fail("delete", lambda: ConnectionLostError("reset"))

    assert offer.delete(DeleteRequest(ref=REF)).existed
    assert script.calls.count("delete") == 2


def test_deleting_what_is_not_there_succeeds_and_says_so(offer: Offer) -> None:
    assert not offer.delete(DeleteRequest(ref=ref("absent"))).existed


# --- listings --------------------------------------------------------------------------------


def test_a_listing_holds_its_connection_until_closed(
    offer: Offer, script: Script, memory: MemoryOffer
) -> None:
    memory.plant(ref("book"), b"12")

    with offer.list(OBJECTS) as listing:
        assert [(entry.identifier, entry.size) for entry in listing] == [
            ("book", 2),
            ("charter", 22),
        ]
        assert listing.complete
        assert script.open == 1

    assert script.open == 0


def test_a_listing_that_stops_at_its_limit_is_not_complete(
    offer: Offer, memory: MemoryOffer
) -> None:
    memory.plant(ref("book"), b"12")

    with offer.list(ListRequest(tenant=0, container="object", limit=1)) as listing:
        assert len(list(listing)) == 1
        assert not listing.complete


def listing_of(*identifiers: str) -> object:
    return lambda _: Listing(ListEntry(identifier=name, size=1) for name in identifiers)


@pytest.mark.parametrize("names", [("b", "a"), ("a", "a")])
def test_a_listing_out_of_order_is_a_defect(
    offer: Offer, script: Script, names: tuple[str, ...]
) -> None:
    script.answer("list", listing_of(*names))  # type: ignore[arg-type]

    with offer.list(OBJECTS) as listing, pytest.raises(OfferFailedError, match="defect") as caught:
        list(listing)

    assert caught.value.offer == "north"


def test_a_listing_does_not_go_back_before_where_it_resumes(offer: Offer, script: Script) -> None:
    script.answer("list", listing_of("a", "b", "c"))  # type: ignore[arg-type]

    with (
        offer.list(ListRequest(tenant=0, container="object", after="a")) as listing,
        pytest.raises(OfferFailedError),
    ):
        list(listing)


def test_a_listing_that_breaks_is_signed_and_not_complete(offer: Offer, script: Script) -> None:
    def breaking() -> Iterator[ListEntry]:
        yield ListEntry(identifier="a", size=1)
        raise OfferUnavailableError("maintenance")

    script.answer("list", lambda _: Listing(breaking()))

    with offer.list(OBJECTS) as listing:
        with pytest.raises(OfferError) as caught:
            list(listing)
        assert not listing.complete

    assert caught.value.offer == "north"


def test_a_result_keeps_what_the_driver_said_beside_the_bytes(
    offer: Offer, driver: ScriptedDriver
) -> None:
    with offer.get(WHOLE) as result:
        assert isinstance(result, GetResult)
        assert result.recorded == digest()
