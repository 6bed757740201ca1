"""From a status to the tree of errors: the one place where they are read.

Absent is said only by Swift itself: what comes from a proxy before it carries no transaction id,
and says nothing of an object. A status that may follow a write that was done leaves its effect in
doubt; Swift answers 503 when too few of its servers took a write, and those that did keep it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from coffre.contract import (
    ConnectionLostError,
    ForbiddenError,
    InvalidRangeError,
    ObjectConflictError,
    ObjectCorruptError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    UnsupportedOperationError,
)
from coffre.http import Headers, HttpAnswer, retry_after


class _Row(NamedTuple):
    """What a status means."""

    kind: Callable[..., OfferError]
    sentence: str
    doubt: bool | None = None
    """For what may be tried again: whether a write may have been done all the same."""


_ROWS: dict[int, _Row] = {
    400: _Row(OfferFailedError, "the service does not understand the request"),
    401: _Row(OfferUnavailableError, "the token ended; a new one is asked for next time", False),
    402: _Row(ForbiddenError, "the account is to be paid for first"),
    403: _Row(ForbiddenError, "the service refused; see the rights of this user"),
    404: _Row(ObjectNotFoundError, "not held"),
    405: _Row(UnsupportedOperationError, "the service does not do this"),
    406: _Row(OfferFailedError, "the service cannot answer in this form"),
    408: _Row(OfferTimeoutError, "the service waited too long for our bytes", False),
    409: _Row(ObjectConflictError, "another writer was there at the same moment"),
    411: _Row(OfferFailedError, "the service wants to be told a length"),
    412: _Row(ObjectConflictError, "it is held already"),
    413: _Row(OfferFullError, "the service takes no more: a quota, or a limit on one object"),
    416: _Row(InvalidRangeError, "the range lies outside the object"),
    # We computed the digest from the very bytes that were sent, so the line spoilt them.
    422: _Row(ConnectionLostError, "the bytes were spoilt on their way; nothing was stored", False),
    429: _Row(OfferUnavailableError, "the service asks to be left alone for a while", False),
    498: _Row(OfferUnavailableError, "the service asks to be left alone for a while", False),
    499: _Row(ConnectionLostError, "the service lost our connection", False),
    501: _Row(UnsupportedOperationError, "the service does not do this"),
    500: _Row(OfferUnavailableError, "the service failed; see its logs", True),
    502: _Row(OfferUnavailableError, "a gateway had no answer from the service", True),
    503: _Row(OfferUnavailableError, "the service, or too many of its servers, are away", True),
    504: _Row(OfferTimeoutError, "a gateway waited in vain for the service", True),
    507: _Row(OfferFullError, "no room left"),
}
_MOVED = _Row(
    OfferUnavailableError, "the service sends us elsewhere, and is not followed; see 'url'", False
)
_ELSE = _Row(OfferUnavailableError, "an answer that Swift does not give", True)


def error_of(answer: HttpAnswer, ref: ObjectRef | None = None, *, safe: bool = False) -> OfferError:
    """Say what the service said, in the words of the contract.

    Args:
        answer: any but one that says *done*.
        ref: the object it is about.
        safe: the request changes nothing, so no effect is in doubt.
    """
    row = _ROWS.get(answer.status) or (_MOVED if 300 <= answer.status < 400 else _ELSE)
    if answer.status == 404 and not from_swift(answer.headers):
        row = _Row(OfferUnavailableError, "a 404 that Swift did not give; see 'url'", False)
    sentence = f"{row.sentence} (status {answer.status}{_transaction(answer.headers)})"
    if row.doubt is None:
        return row.kind(sentence, ref=ref)
    return row.kind(
        sentence,
        ref=ref,
        retry_after=retry_after(answer.headers),
        effect_unknown=row.doubt and not safe,
    )


def damaged(answer: HttpAnswer, ref: ObjectRef | None) -> ObjectCorruptError:
    """What Swift means by a conflict (409) when a large object is read: a segment is not there."""
    return ObjectCorruptError(
        "a segment of the large object is missing or is another one"
        f" (status {answer.status}{_transaction(answer.headers)})",
        ref=ref,
    )


def from_swift(headers: Headers) -> bool:
    """Whether an answer was given by Swift, rather than by something before it."""
    return "X-Trans-Id" in headers or "X-Openstack-Request-Id" in headers


def _transaction(headers: Headers) -> str:
    """By which operators find a request in their logs; it is no secret."""
    told = headers.get("X-Trans-Id") or headers.get("X-Openstack-Request-Id") or ""
    return f", transaction {told}" if told.replace("-", "").isalnum() and len(told) < 80 else ""
