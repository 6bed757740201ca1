"""Answers: what a status means to a driver, in an operation.

An existing client calls most failures *try again*, refusals for want of rights included, and
takes any 404 for an absent object. Here, *absent* is only said where one object was asked about,
and *try again* where it can help.

Source: offer protocol, 10.1, 10.2; laws 2 and 8 of the design for the differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
from coffre.wire.envelopes import ASYNC_LATER_STATUS, ASYNC_STATUS
from coffre.wire.routes import Operation

_SUCCESS = frozenset(range(200, 300))
_ACCEPTED: dict[Operation, frozenset[int]] = {
    Operation.GET: frozenset({200}),
    Operation.PUT: frozenset({201}),
    Operation.BULK_PUT: frozenset({201}),
    Operation.EXISTS: frozenset({200, 204}),
}

CHANGING = frozenset(
    {
        Operation.PUT,
        Operation.BULK_PUT,
        Operation.DELETE,
        Operation.REQUEST_ACCESS,
        Operation.CANCEL_ACCESS,
        Operation.COMPACT,
    }
)
"""Operations that leave something changed; after a lost answer, their effect is not known."""

_ABOUT_ONE_OBJECT = frozenset(
    {Operation.GET, Operation.DELETE, Operation.EXISTS, Operation.METADATA}
)


def is_accepted(operation: Operation, status: int) -> bool:
    """Whether a status says that the operation was done, and the answer can be read.

    ``EXISTS`` is done with 404, too: that is an answer, for which :func:`error_of` gives
    ``ObjectNotFoundError``.
    """
    return status in _ACCEPTED.get(operation, _SUCCESS)


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: type[OfferError]
    sentence: str


_OTHERS = frozenset(Operation)
_PUTS = frozenset({Operation.PUT, Operation.BULK_PUT})

_TABLE: tuple[tuple[frozenset[int], frozenset[Operation], _Meaning], ...] = (
    (frozenset({404}), _ABOUT_ONE_OBJECT, _Meaning(ObjectNotFoundError, "it is not stored")),
    (
        frozenset({404}),
        _OTHERS,
        _Meaning(OfferError, "nothing is there; check that the URL is that of an offer"),
    ),
    (frozenset({400, 412}), _OTHERS, _Meaning(OfferError, "the request is not accepted as it is")),
    (
        frozenset({401}),
        _OTHERS,
        _Meaning(ForbiddenError, "check the platform secret, the certificate, and the clocks"),
    ),
    (frozenset({403}), _OTHERS, _Meaning(ForbiddenError, "it is not allowed")),
    (frozenset({405, 501}), _OTHERS, _Meaning(UnsupportedOperationError, "it cannot do this")),
    (frozenset({408, 504}), _OTHERS, _Meaning(OfferTimeoutError, "it did not answer in time")),
    (
        frozenset({409}),
        _PUTS,
        _Meaning(ObjectConflictError, "the reference holds other bytes, and they stay"),
    ),
    (frozenset({429, 503}), _OTHERS, _Meaning(OfferUnavailableError, "it asks to be left alone")),
    (frozenset({502}), _OTHERS, _Meaning(OfferUnavailableError, "a proxy did not reach it")),
    (
        frozenset({ASYNC_STATUS, ASYNC_LATER_STATUS}),
        _OTHERS,
        _Meaning(NotReadyError, "it is on a slow medium; ask for access, and come back"),
    ),
    (frozenset({507}), _OTHERS, _Meaning(OfferFullError, "there is no room left")),
    (frozenset(range(500, 600)), _OTHERS, _Meaning(OfferFailedError, "it failed")),
    (
        frozenset(range(300, 400)),
        _OTHERS,
        _Meaning(OfferError, "it sends elsewhere, where nobody follows; correct the URL"),
    ),
)
_DONE_OTHERWISE = _Meaning(OfferUnavailableError, "it does not say that it was done")
_STRANGE = _Meaning(OfferError, "nobody knows what that means")

_IN_DOUBT = frozenset({408, 502, 504})
"""Answers of somebody between, who cannot tell what became of the request."""


def error_of(
    operation: Operation,
    status: int,
    *,
    ref: ObjectRef | None = None,
    retry_after: float | None = None,
    said: str = "",
) -> OfferError:
    """The error for a status that :func:`is_accepted` does not accept.

    Args:
        operation: what was asked.
        status: what was answered.
        ref: the object it is about.
        retry_after: seconds that the offer asked to be left alone.
        said: the offer's own sentence, from :func:`~coffre.wire.envelopes.read_error`.
    """
    meaning = _meaning_of(operation, status)
    told = f" ({said})" if said else ""
    message = f"the offer answers {status} to {operation}: {meaning.sentence}{told}"
    if issubclass(meaning.kind, OfferUnavailableError):
        doubt = operation in CHANGING and (status in _IN_DOUBT or status in _SUCCESS)
        return meaning.kind(message, ref=ref, retry_after=retry_after, effect_unknown=doubt)
    make: Callable[..., OfferError] = meaning.kind
    return make(message, ref=ref)


def _meaning_of(operation: Operation, status: int) -> _Meaning:
    if status in _SUCCESS:
        return _DONE_OTHERWISE
    for statuses, operations, meaning in _TABLE:
        if status in statuses and operation in operations:
            return meaning
    return _STRANGE
