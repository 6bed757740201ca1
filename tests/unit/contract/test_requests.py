"""Requests: checked when they are built, refused rather than ignored in part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import (
    AnyRequest,
    BulkPutRequest,
    Capability,
    CapacityRequest,
    ConnectionLostError,
    ContractVersionError,
    DigestAlgorithm,
    GetRequest,
    InvalidRequestError,
    ListEntry,
    Listing,
    ObjectRef,
    OfferFailedError,
    PutRequest,
    StatRequest,
    UnsupportedOperationError,
    Version,
    check_contract,
    refuse_unsupported,
)
from coffre.contract.requests import MAX_METADATA_BYTES
from coffre.contract.version import CONTRACT_VERSION
from coffre.streams import BytesContent

REF = ObjectRef(tenant=0, container="object", identifier="charter")
CONTENT = BytesContent(b"charter")
ALL = frozenset(Capability)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThawRequest:
    """A request as a contract to come may have it: one field of 1.0, two of 1.1."""

    ref: ObjectRef
    days: int = 1
    urgent: bool = field(default=False, metadata={"since": Version(1, 1)})
    tags: tuple[str, ...] = field(
        default_factory=tuple, metadata={"since": Version(1, 1), "needs": Capability.METADATA}
    )


def thaw(**fields_: object) -> AnyRequest:
    return cast(AnyRequest, ThawRequest(ref=REF, **fields_))  # type: ignore[arg-type]


def refused(
    request: AnyRequest, without: Capability | None = None, contract: Version = CONTRACT_VERSION
) -> str | None:
    """Why a request is refused by a driver that can do everything but one thing."""
    try:
        refuse_unsupported(request, ALL - {without}, contract)
    except UnsupportedOperationError as error:
        return f"{error.ref}: {error.message}"
    return None


NEEDS: list[tuple[AnyRequest, Capability]] = [
    (PutRequest(ref=REF, content=CONTENT, size=7, metadata={"name": "x"}), Capability.METADATA),
    (PutRequest(ref=REF, content=CONTENT, size=7, replace=True), Capability.REPLACE),
    (
        PutRequest(ref=REF, content=CONTENT, size=7, retain_until=datetime(2040, 1, 1, tzinfo=UTC)),
        Capability.RETENTION,
    ),
    (GetRequest(ref=REF, offset=1), Capability.RANGE_READ),
    (GetRequest(ref=REF, length=0), Capability.RANGE_READ),
    (StatRequest(ref=REF, digest=DigestAlgorithm.MD5), Capability.OFFER_DIGEST),
]


@pytest.mark.parametrize(("request_", "needed"), NEEDS, ids=lambda value: str(value)[:40])
def test_a_field_that_is_set_needs_its_capability(request_: AnyRequest, needed: Capability) -> None:
    message = refused(request_, without=needed)

    assert message is not None
    assert message.startswith("0/object/charter: ")
    assert needed.value in message
    assert "nothing was sent" in message
    assert refused(request_) is None


@pytest.mark.parametrize(
    "request_",
    [
        PutRequest(ref=REF, content=CONTENT, size=7),
        PutRequest(ref=REF, content=CONTENT, size=7, metadata={}, replace=False),
        GetRequest(ref=REF),
        GetRequest(ref=REF, offset=0, length=None),
        StatRequest(ref=REF),
        CapacityRequest(),
    ],
)
def test_a_request_that_asks_for_nothing_more_suits_every_driver(request_: AnyRequest) -> None:
    refuse_unsupported(request_, frozenset(), Version(1, 0))


def test_a_field_newer_than_the_driver_is_refused_once_it_is_set() -> None:
    assert refused(thaw(days=3), contract=Version(1, 0)) is None
    message = refused(thaw(urgent=True), contract=Version(1, 0))
    assert message is not None
    assert "a newer contract" in message
    assert "1.1" in message
    assert refused(thaw(urgent=True), contract=Version(1, 1)) is None
    assert refused(thaw(urgent=True), contract=Version(1, 2)) is None


def test_a_newer_field_may_need_a_capability_too() -> None:
    assert refused(thaw(tags=("a",)), contract=Version(1, 0)) is not None
    assert refused(thaw(tags=("a",)), without=Capability.METADATA, contract=Version(1, 1))
    assert refused(thaw(tags=("a",)), contract=Version(1, 1)) is None
    assert refused(thaw(tags=()), without=Capability.METADATA, contract=Version(1, 0)) is None


@pytest.mark.parametrize("kind", get_args(AnyRequest), ids=lambda kind: kind.__name__)
def test_requests_are_frozen_and_by_keyword(kind: type) -> None:
    assert is_dataclass(kind)
    assert all(item.kw_only for item in fields(kind))
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        CapacityRequest().tenant = 1  # type: ignore[misc]


# --- what is checked without the offer ----------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"size": -1}, "negative"),
        ({"expected": DigestAlgorithm.MD5.of(b"charter")}, "expected digest is md5"),
        ({"retain_until": datetime(2040, 1, 1)}, "time zone"),  # noqa: DTZ001 - the point
        ({"metadata": {"name": 7}}, "must be text"),
        ({"metadata": {"name": "\ud800"}}, "must be text"),
        ({"metadata": {"n": "é" * (MAX_METADATA_BYTES // 2)}}, "at most"),
    ],
)
def test_a_put_that_contradicts_itself_is_not_built(change: dict[str, object], why: str) -> None:
    values: dict[str, object] = {"ref": REF, "content": CONTENT, "size": 7} | change
    with pytest.raises(InvalidRequestError, match=why) as caught:
        PutRequest(**values)  # type: ignore[arg-type]
    assert caught.value.ref == REF


def test_metadata_may_fill_their_room() -> None:
    PutRequest(ref=REF, content=CONTENT, size=7, metadata={"n": "x" * (MAX_METADATA_BYTES - 1)})


@pytest.mark.parametrize(("offset", "length"), [(-1, None), (0, -1)])
def test_a_range_is_never_negative(offset: int, length: int) -> None:
    with pytest.raises(InvalidRequestError, match="negative"):
        GetRequest(ref=REF, offset=offset, length=length)


def test_a_bulk_put_names_an_object_once() -> None:
    put = PutRequest(ref=REF, content=CONTENT, size=7)

    with pytest.raises(InvalidRequestError, match="twice"):
        BulkPutRequest(puts=[put, put])


# --- versions -----------------------------------------------------------------------------


@pytest.mark.parametrize("minor", [0, 1, 99])
def test_a_driver_of_the_same_major_contract_works(minor: int) -> None:
    check_contract("tape", Version(CONTRACT_VERSION.major, minor))


@pytest.mark.parametrize(
    ("version", "remedy"), [(Version(2, 0), "upgrade coffre"), (Version(0, 9), "ask its provider")]
)
def test_a_driver_of_another_major_contract_is_refused_with_a_remedy(
    version: Version, remedy: str
) -> None:
    with pytest.raises(ContractVersionError, match=remedy) as caught:
        check_contract("tape", version)

    assert f"'tape' was written for contract {version}" in caught.value.message


# --- listings -----------------------------------------------------------------------------


@given(st.integers(0, 20), st.none() | st.integers(0, 25))
def test_a_listing_is_complete_when_all_was_given(count: int, limit: int | None) -> None:
    entries = [ListEntry(identifier=f"n{number:02}", size=number) for number in range(count)]
    listing = Listing(iter(entries), limit=limit)

    assert not listing.complete
    assert list(listing) == entries[:limit]
    assert listing.complete == (limit is None or limit >= count)
    assert list(listing) == []


def failing() -> Iterator[ListEntry]:
    yield ListEntry(identifier="a", size=1)
    raise ConnectionLostError("gone")


def test_a_listing_that_fails_is_not_complete() -> None:
    listing = Listing(failing())

    assert next(listing).identifier == "a"
    with pytest.raises(ConnectionLostError):
        next(listing)
    assert not listing.complete


def test_a_listing_that_failed_does_not_end_well_when_asked_again() -> None:
    listing = Listing(failing())
    with pytest.raises(ConnectionLostError):
        list(listing)

    with pytest.raises(OfferFailedError):
        list(listing)
    assert not listing.complete


def test_a_listing_is_closed_once() -> None:
    closed: list[int] = []

    with Listing(iter(()), close=lambda: closed.append(1)) as listing:
        listing.close()

    assert closed == [1]
