"""Refusals: every failing row of sections 8.2 to 8.16, as status and code of the answer."""

from __future__ import annotations

import json

import pytest

from coffre.contract import (
    CoffreError,
    ConnectionLostError,
    DigestMismatchError,
    ForbiddenError,
    InvalidReferenceError,
    InvalidRequestError,
    NotReadyError,
    ObjectConflictError,
    ObjectCorruptError,
    ObjectNotFoundError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    RetainedError,
    SizeMismatchError,
    UnsupportedOperationError,
)
from coffre.wire import (
    BodyError,
    BodyLengthError,
    HeaderError,
    MethodError,
    MissingBodyError,
    MissingFieldError,
    NegativeLengthError,
    NoRouteError,
    Operation,
    SignatureError,
    refusal_of,
)

Op = Operation
EMPTY = None
ASYNC = "Custom Vitam HTTP Status Code: 460-UNAVAILABLE_DATA_FROM_ASYNC_OFFER"

SECTION_8: list[tuple[str, Operation, type[CoffreError], int, str | None]] = [
    ("8.2 tenant missing", Op.CAPACITY, HeaderError, 400, EMPTY),
    ("8.2 not found", Op.CAPACITY, ObjectNotFoundError, 404, EMPTY),
    ("8.2 other", Op.CAPACITY, OfferFailedError, 500, EMPTY),
    ("8.3 tenant missing", Op.LIST, HeaderError, 400, EMPTY),
    ("8.4 no body", Op.LOG, MissingBodyError, 400, EMPTY),
    ("8.4 tenant missing", Op.LOG, HeaderError, 400, EMPTY),
    ("8.4 database error", Op.LOG, OfferFailedError, 500, "100515"),
    ("8.4 order missing", Op.LOG, MissingFieldError, 500, "100515"),
    ("8.4 anything else", Op.LOG, CoffreError, 500, EMPTY),
    ("8.5 tenant missing", Op.GET, HeaderError, 412, EMPTY),
    ("8.5 missing", Op.GET, ObjectNotFoundError, 404, "100516"),
    ("8.5 no ready access request", Op.GET, NotReadyError, 460, ASYNC),
    ("8.5 other", Op.GET, OfferFailedError, 500, "100517"),
    ("8.5 other", Op.GET, ObjectCorruptError, 500, "100517"),
    ("8.6 tenant or length missing", Op.PUT, HeaderError, 400, EMPTY),
    ("8.6 negative size", Op.PUT, NegativeLengthError, 500, EMPTY),
    ("8.6 short or long body", Op.PUT, BodyLengthError, 500, EMPTY),
    ("8.6 short or long body", Op.PUT, SizeMismatchError, 500, EMPTY),
    ("8.6 different bytes", Op.PUT, ObjectConflictError, 409, EMPTY),
    ("8.6 must be sent again", Op.PUT, OfferUnavailableError, 503, EMPTY),
    ("8.6 other", Op.PUT, DigestMismatchError, 500, EMPTY),
    ("8.6 other", Op.PUT, OfferFullError, 500, EMPTY),
    ("8.7 tenant or length missing", Op.BULK_PUT, HeaderError, 400, EMPTY),
    ("8.7 header entry unreadable", Op.BULK_PUT, BodyError, 500, EMPTY),
    ("8.7 header entry unreadable", Op.BULK_PUT, MissingBodyError, 500, EMPTY),
    ("8.7 total too small or too big", Op.BULK_PUT, BodyLengthError, 500, EMPTY),
    ("8.7 different bytes", Op.BULK_PUT, ObjectConflictError, 409, EMPTY),
    ("8.7 other", Op.BULK_PUT, OfferFailedError, 500, EMPTY),
    ("8.8 tenant missing", Op.DELETE, HeaderError, 400, EMPTY),
    ("8.8 not deletable", Op.DELETE, ForbiddenError, 500, EMPTY),
    ("8.8 not deletable", Op.DELETE, RetainedError, 500, EMPTY),
    ("8.8 missing", Op.DELETE, ObjectNotFoundError, 404, EMPTY),
    ("8.8 other", Op.DELETE, OfferFailedError, 500, EMPTY),
    ("8.9 tenant missing", Op.EXISTS, HeaderError, 400, EMPTY),
    ("8.9 missing", Op.EXISTS, ObjectNotFoundError, 404, EMPTY),
    ("8.9 other", Op.EXISTS, OfferFailedError, 500, EMPTY),
    ("8.10 header missing", Op.METADATA, HeaderError, 400, EMPTY),
    ("8.10 missing", Op.METADATA, ObjectNotFoundError, 404, EMPTY),
    ("8.10 other", Op.METADATA, OfferFailedError, 500, EMPTY),
    ("8.11 header missing", Op.BULK_METADATA, HeaderError, 400, EMPTY),
    ("8.11 list or id null", Op.BULK_METADATA, MissingBodyError, 400, EMPTY),
    ("8.11 any object fails", Op.BULK_METADATA, OfferFailedError, 500, EMPTY),
    ("8.12 list missing", Op.REQUEST_ACCESS, MissingBodyError, 412, EMPTY),
    ("8.12 tenant missing", Op.REQUEST_ACCESS, HeaderError, 412, EMPTY),
    ("8.12 not tape", Op.REQUEST_ACCESS, UnsupportedOperationError, 500, "100517"),
    ("8.12 duplicates", Op.REQUEST_ACCESS, InvalidRequestError, 500, "100517"),
    ("8.12 not found", Op.REQUEST_ACCESS, ObjectNotFoundError, 404, "100516"),
    ("8.13 list missing", Op.ACCESS_STATUS, MissingBodyError, 412, "100301"),
    ("8.13 header missing", Op.ACCESS_STATUS, HeaderError, 412, EMPTY),
    ("8.13 not tape", Op.ACCESS_STATUS, UnsupportedOperationError, 500, "100517"),
    ("8.13 malformed or twice", Op.ACCESS_STATUS, InvalidRequestError, 412, "100301"),
    ("8.14 header missing", Op.CANCEL_ACCESS, HeaderError, 412, EMPTY),
    ("8.14 not tape", Op.CANCEL_ACCESS, UnsupportedOperationError, 500, "100517"),
    ("8.14 malformed", Op.CANCEL_ACCESS, InvalidRequestError, 412, "100301"),
    ("8.15 list empty", Op.AVAILABILITY, MissingBodyError, 412, EMPTY),
    ("8.15 tenant missing", Op.AVAILABILITY, HeaderError, 412, EMPTY),
    ("8.15 not tape", Op.AVAILABILITY, UnsupportedOperationError, 500, "100517"),
    ("7.3 bad JSON", Op.LOG, BodyError, 400, "000200"),
    ("7.3 bad JSON", Op.AVAILABILITY, BodyError, 400, "000200"),
    ("7.3 unavailable", Op.GET, OfferTimeoutError, 503, EMPTY),
    ("7.3 unavailable", Op.LIST, ConnectionLostError, 503, EMPTY),
    ("7.3 not found", Op.STATUS, NoRouteError, 404, "000200"),
    ("7.4 nothing exotic elsewhere", Op.METADATA, NotReadyError, 500, EMPTY),
    ("7.4 nothing exotic elsewhere", Op.PUT, NotReadyError, 500, EMPTY),
]


def code_of(body: bytes) -> str | None:
    return json.loads(body)["code"] if body else None


@pytest.mark.parametrize(("row", "operation", "error", "status", "code"), SECTION_8)
def test_each_failing_row_has_its_answer(
    row: str, operation: Operation, error: type[CoffreError], status: int, code: str | None
) -> None:
    refusal = refusal_of(error("why"), operation)

    assert (refusal.status, code_of(refusal.body)) == (status, code)


STRICT = [
    ("8.5", Op.GET, "100517"),
    ("8.6", Op.PUT, EMPTY),
    ("8.7", Op.BULK_PUT, EMPTY),
    ("8.8", Op.DELETE, EMPTY),
    ("8.9", Op.EXISTS, EMPTY),
    ("8.4", Op.LOG, "100515"),
    ("8.11", Op.BULK_METADATA, EMPTY),
    ("8.12", Op.REQUEST_ACCESS, "100517"),
]


@pytest.mark.parametrize(("section", "operation", "code"), STRICT)
def test_an_illegal_name_is_a_bad_request_or_as_existing_offers_say(
    section: str, operation: Operation, code: str | None
) -> None:
    error = InvalidReferenceError("a/b")

    strict = refusal_of(error, operation, strict=True)

    assert refusal_of(error, operation).status == 400
    assert (strict.status, code_of(strict.body)) == (500, code)


def test_a_method_that_is_not_known_is_answered_with_those_that_are() -> None:
    refusal = refusal_of(MethodError("no", allowed=frozenset({"GET"})))

    assert (refusal.status, set(refusal.allow)) == (405, {"GET"})


def test_no_signature_is_401_in_the_words_of_existing_offers() -> None:
    refusal = refusal_of(SignatureError("clocks"), Op.PUT)

    assert refusal.status == 401
    assert json.loads(refusal.body) == {"Error": "Authorization headers check failed!"}


def test_how_long_to_wait_is_passed_on() -> None:
    refusal = refusal_of(OfferUnavailableError("full house", retry_after=3), Op.PUT)

    assert refusal.retry_after == 3


STANDARD = {*range(200, 207), *range(300, 308), *range(400, 418), 428, 429, 431, *range(500, 506)}


@pytest.mark.parametrize("operation", [None, *Operation])
def test_no_error_has_a_status_that_an_existing_client_stumbles_over(
    operation: Operation | None,
) -> None:
    """Section 7.4: 460 on GET of an object, and the standard list."""
    kinds = list(all_kinds(CoffreError))

    statuses = {refusal_of(made(kind), operation).status for kind in kinds}

    assert statuses - STANDARD == ({460} if operation is Op.GET else set())


def all_kinds(kind: type[CoffreError]) -> list[type[CoffreError]]:
    contract_only = [
        each
        for each in kind.__subclasses__()
        if each.__module__.startswith(("coffre.contract", "coffre.wire"))
    ]
    return [kind, *(found for each in contract_only for found in all_kinds(each))]


def test_what_an_error_says_stays_here() -> None:
    refusal = refusal_of(OfferFailedError("/srv/offer/secret: disk"), Op.GET)

    assert b"srv" not in refusal.body


def made(kind: type[CoffreError]) -> CoffreError:
    if issubclass(kind, MethodError):
        return kind("no", allowed=frozenset())
    return kind("no")
