"""What each status means, row by row."""

from __future__ import annotations

import pytest

from coffre.contract import (
    ConnectionLostError,
    ForbiddenError,
    InvalidRangeError,
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
from coffre.drivers.swift.answers import _ROWS, damaged, error_of
from coffre.http import Headers, HttpAnswer

REF = ObjectRef(tenant=0, container="object", identifier="x")
SWIFT = b"X-Trans-Id: tx0123456789abcdef-0001"
ROWS: dict[int, tuple[type[OfferError], bool | None]] = {
    400: (OfferFailedError, None),
    401: (OfferUnavailableError, False),
    402: (ForbiddenError, None),
    403: (ForbiddenError, None),
    404: (ObjectNotFoundError, None),
    405: (UnsupportedOperationError, None),
    406: (OfferFailedError, None),
    408: (OfferTimeoutError, False),
    409: (ObjectConflictError, None),
    411: (OfferFailedError, None),
    412: (ObjectConflictError, None),
    413: (OfferFullError, None),
    416: (InvalidRangeError, None),
    422: (ConnectionLostError, False),
    429: (OfferUnavailableError, False),
    498: (OfferUnavailableError, False),
    499: (ConnectionLostError, False),
    500: (OfferUnavailableError, True),
    501: (UnsupportedOperationError, None),
    502: (OfferUnavailableError, True),
    503: (OfferUnavailableError, True),
    504: (OfferTimeoutError, True),
    507: (OfferFullError, None),
    302: (OfferUnavailableError, False),
    299: (OfferUnavailableError, True),
    418: (OfferUnavailableError, True),
}
"""Class, and for what may be tried again whether a write may have been done."""


def answer(status: int, *lines: bytes) -> HttpAnswer:
    return HttpAnswer(status, Headers(lines), b"secret words")


@pytest.mark.parametrize("status", ROWS)
def test_a_status_has_one_meaning(status: int) -> None:
    kind, doubt = ROWS[status]
    error = error_of(answer(status, SWIFT), REF)
    assert type(error) is kind
    assert error.ref == REF
    assert str(status) in str(error)
    assert "tx0123456789abcdef-0001" in str(error)
    assert "secret" not in str(error)
    if isinstance(error, OfferUnavailableError):
        assert error.effect_unknown is doubt


def test_every_row_of_the_table_is_held_here() -> None:
    assert set(_ROWS) <= set(ROWS)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 418])
def test_of_a_question_no_effect_is_in_doubt(status: int) -> None:
    error = error_of(answer(status, SWIFT), REF, safe=True)
    assert isinstance(error, OfferUnavailableError)
    assert not error.effect_unknown


def test_how_long_to_leave_the_service_alone_is_told() -> None:
    error = error_of(answer(503, SWIFT, b"Retry-After: 42"))
    assert isinstance(error, OfferUnavailableError)
    assert error.retry_after == 42.0


def test_absent_is_said_by_swift_alone() -> None:
    for lines in ((SWIFT,), (b"x-openstack-request-id: tx1",)):
        assert type(error_of(answer(404, *lines))) is ObjectNotFoundError
    error = error_of(answer(404, b"Server: something-else"))
    assert type(error) is OfferUnavailableError
    assert not error.effect_unknown


def test_a_transaction_that_is_none_is_not_repeated() -> None:
    assert "evil" not in str(error_of(answer(500, b"X-Trans-Id: evil <script>")))


def test_a_conflict_of_a_read_is_damage() -> None:
    assert "segment" in str(damaged(answer(409, SWIFT), REF))
