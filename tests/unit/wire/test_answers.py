"""Answers: sections 10.1 and 10.2, row by row, and where coffre is saner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import (
    ForbiddenError,
    NotReadyError,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    UnsupportedOperationError,
)
from coffre.wire import CHANGING, Operation, error_of, is_accepted

Op = Operation
REF = ObjectRef(tenant=0, container="object", identifier="doc1")

SECTION_10_1 = [
    (Op.STATUS, {200, 204}, {404, 503}),
    (Op.CAPACITY, {200}, {400}),
    (Op.GET, {200}, {201, 204, 206, 404, 460}),
    (Op.REQUEST_ACCESS, {200, 201}, {412}),
    (Op.ACCESS_STATUS, {200}, {412}),
    (Op.CANCEL_ACCESS, {200, 204}, {412}),
    (Op.AVAILABILITY, {200}, {500}),
    (Op.PUT, {201}, {200, 204, 409}),
    (Op.BULK_PUT, {201}, {200, 204, 409}),
    (Op.DELETE, {200, 204}, {404}),
    (Op.EXISTS, {200, 204}, {201, 404}),
    (Op.METADATA, {200}, {404}),
    (Op.BULK_METADATA, {200}, {500}),
    (Op.LIST, {200}, {302}),
    (Op.LOG, {200}, {100}),
    (Op.COMPACT, {204}, {500}),
]


@pytest.mark.parametrize(("operation", "good", "others"), SECTION_10_1)
def test_an_operation_is_done_with_its_own_statuses(
    operation: Operation, good: set[int], others: set[int]
) -> None:
    assert all(is_accepted(operation, status) for status in good)
    assert not any(is_accepted(operation, status) for status in others)


SECTION_10_2: list[tuple[str, Operation, int, type[OfferError], bool]] = [
    ("404", Op.GET, 404, ObjectNotFoundError, False),
    ("404", Op.DELETE, 404, ObjectNotFoundError, False),
    ("404", Op.EXISTS, 404, ObjectNotFoundError, False),
    ("404", Op.METADATA, 404, ObjectNotFoundError, False),
    ("404 says nothing of an object", Op.LIST, 404, OfferError, False),
    ("404 says nothing of an object", Op.PUT, 404, OfferError, False),
    ("404 says nothing of an object", Op.BULK_METADATA, 404, OfferError, False),
    ("getOfferLogs, any error", Op.LOG, 404, OfferError, False),
    ("400, 412", Op.PUT, 400, OfferError, False),
    ("400, 412", Op.GET, 412, OfferError, False),
    ("401, a defect there", Op.PUT, 401, ForbiddenError, False),
    ("403", Op.GET, 403, ForbiddenError, False),
    ("405", Op.LOG, 405, UnsupportedOperationError, False),
    ("409", Op.PUT, 409, ObjectConflictError, False),
    ("409", Op.BULK_PUT, 409, ObjectConflictError, False),
    ("409 means nothing elsewhere", Op.GET, 409, OfferError, False),
    ("408", Op.GET, 408, OfferTimeoutError, True),
    ("429", Op.PUT, 429, OfferUnavailableError, True),
    ("500", Op.GET, 500, OfferFailedError, False),
    ("501", Op.LOG, 501, UnsupportedOperationError, False),
    ("502", Op.GET, 502, OfferUnavailableError, True),
    ("503", Op.PUT, 503, OfferUnavailableError, True),
    ("504", Op.GET, 504, OfferTimeoutError, True),
    ("507", Op.PUT, 507, OfferFullError, False),
    ("any other", Op.GET, 418, OfferError, False),
    ("any other", Op.GET, 505, OfferFailedError, False),
    ("460", Op.GET, 460, NotReadyError, True),
    ("461", Op.GET, 461, NotReadyError, True),
    ("not standard elsewhere, a defect there", Op.METADATA, 460, NotReadyError, True),
    ("not standard elsewhere, a defect there", Op.PUT, 999, OfferError, False),
    ("2xx but not 201", Op.PUT, 200, OfferUnavailableError, True),
    ("2xx but not 201", Op.BULK_PUT, 204, OfferUnavailableError, True),
    ("exists, anything else", Op.EXISTS, 500, OfferFailedError, False),
    ("redirections are not followed", Op.GET, 302, OfferError, False),
]


@pytest.mark.parametrize(("row", "operation", "status", "kind", "retryable"), SECTION_10_2)
def test_each_status_has_its_error(
    row: str, operation: Operation, status: int, kind: type[OfferError], retryable: bool
) -> None:
    error = error_of(operation, status, ref=REF, said="as it says")

    assert type(error) is kind
    assert error.retryable is retryable
    assert error.ref == REF
    assert str(status) in str(error)
    assert "as it says" in str(error)


@pytest.mark.parametrize(
    ("operation", "status", "doubt"),
    [
        (Op.PUT, 200, True),
        (Op.PUT, 502, True),
        (Op.DELETE, 504, True),
        (Op.BULK_PUT, 408, True),
        (Op.PUT, 503, False),
        (Op.GET, 502, False),
        (Op.LIST, 504, False),
    ],
)
def test_an_effect_is_in_doubt_when_somebody_between_answered(
    operation: Operation, status: int, doubt: bool
) -> None:
    error = error_of(operation, status)

    assert isinstance(error, OfferUnavailableError)
    assert error.effect_unknown is doubt


def test_how_long_to_wait_is_kept() -> None:
    error = error_of(Op.GET, 503, retry_after=7)

    assert isinstance(error, OfferUnavailableError)
    assert error.retry_after == 7


@given(st.sampled_from(Operation), st.integers(0, 1000))
def test_absent_is_only_said_where_one_object_was_asked_about(
    operation: Operation, status: int
) -> None:
    error = error_of(operation, status)

    if isinstance(error, ObjectNotFoundError):
        assert status == 404
        assert operation in {Op.GET, Op.DELETE, Op.EXISTS, Op.METADATA}


def test_what_changes_nothing_is_never_in_doubt() -> None:
    for operation in set(Operation) - CHANGING:
        for status in (200, 408, 502, 503, 504):
            error = error_of(operation, status)
            assert not getattr(error, "effect_unknown", False)
