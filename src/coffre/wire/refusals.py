"""Refusals: which status and body a server answers with, for an error, in an operation.

One table, read from the top: the first row that fits is taken. Bodies are empty unless a row
names one; existing clients ask for no more. No status outside the standard list is ever answered,
but for 460 when an object is read: an existing client stumbles over any other.

Source: offer protocol, 5.3, 7.2 to 7.4, 8.1 to 8.16.
"""

from __future__ import annotations

from dataclasses import dataclass

from coffre.contract import (
    CoffreError,
    InvalidReferenceError,
    InvalidRequestError,
    NotReadyError,
    ObjectConflictError,
    ObjectNotFoundError,
    OfferError,
    OfferUnavailableError,
)
from coffre.wire.envelopes import ASYNC_STATUS, KnownError, write_error
from coffre.wire.errors import (
    BodyError,
    BodyLengthError,
    HeaderError,
    MethodError,
    MissingBodyError,
    MissingFieldError,
    NegativeLengthError,
    NoRouteError,
    SignatureError,
)
from coffre.wire.routes import Operation

_NOT_AUTHORISED = b'{"Error":"Authorization headers check failed!"}'

_ALL = frozenset(Operation)
_PUTS = frozenset({Operation.PUT, Operation.BULK_PUT})
_ACCESS = frozenset(
    {
        Operation.REQUEST_ACCESS,
        Operation.ACCESS_STATUS,
        Operation.CANCEL_ACCESS,
        Operation.AVAILABILITY,
    }
)
_ENVELOPED = _ACCESS | {Operation.GET}
"""Operations whose failures always have a body."""
_ASKED_BY_ID = frozenset({Operation.ACCESS_STATUS, Operation.CANCEL_ACCESS})
_ASKED_BY_NAME = _ACCESS - _ASKED_BY_ID


@dataclass(frozen=True, slots=True)
class _Row:
    error: type[CoffreError]
    operations: frozenset[Operation]
    status: int
    known: KnownError | None = None


_ILLEGAL_NAME = (
    _Row(InvalidReferenceError, _ENVELOPED, 500, KnownError.TECHNICAL),
    _Row(InvalidReferenceError, frozenset({Operation.LOG}), 500, KnownError.LOG),
    _Row(InvalidReferenceError, _ALL, 500),
)
"""As existing offers answer. A client takes 500 for something that may pass, and tries again."""

_TABLE = (
    _Row(NoRouteError, _ALL, 404, KnownError.UNHANDLED),
    _Row(MethodError, _ALL, 405, KnownError.UNHANDLED),
    _Row(SignatureError, _ALL, 401),
    _Row(NegativeLengthError, _PUTS, 500),
    _Row(HeaderError, _ENVELOPED, 412),
    _Row(HeaderError, _ALL, 400),
    _Row(MissingBodyError, _ASKED_BY_NAME, 412),
    _Row(MissingBodyError, _ASKED_BY_ID, 412, KnownError.BAD_REQUEST),
    _Row(MissingBodyError, _ALL - _PUTS, 400),
    _Row(MissingFieldError, frozenset({Operation.LOG}), 500, KnownError.LOG),
    _Row(BodyLengthError, _PUTS, 500),
    _Row(BodyError, frozenset({Operation.BULK_PUT}), 500),
    _Row(BodyError, _ALL, 400, KnownError.UNHANDLED),
    _Row(InvalidReferenceError, _ALL, 400),
    _Row(InvalidRequestError, _ASKED_BY_ID, 412, KnownError.BAD_REQUEST),
    _Row(InvalidRequestError, _ALL - _ACCESS, 400),
    _Row(
        ObjectNotFoundError,
        frozenset({Operation.GET, Operation.REQUEST_ACCESS}),
        404,
        KnownError.NOT_FOUND,
    ),
    _Row(
        ObjectNotFoundError,
        frozenset({Operation.CAPACITY, Operation.DELETE, Operation.EXISTS, Operation.METADATA}),
        404,
    ),
    _Row(NotReadyError, frozenset({Operation.GET}), ASYNC_STATUS, KnownError.NOT_READY),
    _Row(ObjectConflictError, _PUTS, 409),
    _Row(OfferUnavailableError, _ALL, 503),
    _Row(OfferError, frozenset({Operation.LOG}), 500, KnownError.LOG),
    _Row(CoffreError, _ENVELOPED, 500, KnownError.TECHNICAL),
    _Row(CoffreError, _ALL, 500),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a server answers instead of what was asked for."""

    status: int
    body: bytes
    """JSON, or empty: then with ``Content-Length: 0``."""
    allow: frozenset[str] = frozenset()
    """For the header ``Allow`` of 405."""
    retry_after: float | None = None
    """Seconds, for the header ``Retry-After`` of 503, where it is known."""


def refusal_of(
    error: CoffreError, operation: Operation | None = None, *, strict: bool = False
) -> Refusal:
    """The answer for an error.

    The sentence of the error is not sent: it may name what is behind the offer.

    Args:
        error: what kept the operation from being done.
        operation: what was asked; ``None`` when that is not known, for want of a route.
        strict: answer 500 to a name that is not allowed, as existing offers do, in place of 400.
    """
    row = _row_of(error, operation, (*_ILLEGAL_NAME, *_TABLE) if strict else _TABLE)
    body = b"" if row.known is None else write_error(row.status, row.known)
    return Refusal(
        status=row.status,
        body=_NOT_AUTHORISED if row.error is SignatureError else body,
        allow=error.allowed if isinstance(error, MethodError) else frozenset(),
        retry_after=error.retry_after if isinstance(error, OfferUnavailableError) else None,
    )


def _row_of(error: CoffreError, operation: Operation | None, table: tuple[_Row, ...]) -> _Row:
    return next(
        row
        for row in table
        if isinstance(error, row.error)
        and (row.operations is _ALL if operation is None else operation in row.operations)
    )
