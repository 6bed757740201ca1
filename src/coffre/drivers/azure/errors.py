"""From the service's codes to the contract's errors: one table, and the rules for what it lacks.

The service names each refusal in ``x-ms-error-code``. A refusal without it may come from a proxy
on the way: a bare 404 says nothing of an object. Messages repeat the code and the id of the
request, never the body: it quotes what was signed.

Source: Azure Storage, "Common REST API error codes" and "Blob service error codes".
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    ConnectionLostError,
    ForbiddenError,
    InvalidRangeError,
    NotReadyError,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    RetainedError,
    UnsupportedOperationError,
)
from coffre.http import HttpAnswer, retry_after


class Row(NamedTuple):
    """What a refusal means."""

    kind: type[OfferError]
    sentence: str
    doubtful: bool = False
    """Whether the service may have done what it was asked, all the same."""


_RIGHTS = Row(ForbiddenError, "no right; check what the credential allows")
_NOBODY = Row(ForbiddenError, "the service does not know who asks; check the credential")
_GONE = Row(OfferUnavailableError, "the container of the offer is not there; prepare the offer")
_KEPT = Row(RetainedError, "a retention date or a hold forbids it")
_LEASED = Row(ForbiddenError, "another program holds a lease; end it there")
_COLD = Row(NotReadyError, "held in the archive tier; ask for access and come back")
_BUSY = Row(OfferUnavailableError, "the service asks to be left alone for a while")
_SPOILT = Row(ConnectionLostError, "the bytes were changed on their way; nothing was stored")
_TOO_OLD = Row(UnsupportedOperationError, "the service does not know this; see 'api_version'")
_MEANWHILE = Row(OfferUnavailableError, "another writer stored the object meanwhile; try again")
_TOO_LARGE = Row(OfferFailedError, "larger than the service takes; raise 'block_size'")
_UNDER_WAY = Row(OfferUnavailableError, "the container is being deleted")

TABLE: Mapping[str, Row] = {
    "BlobNotFound": Row(ObjectNotFoundError, "not held"),
    "ResourceNotFound": Row(ObjectNotFoundError, "not held"),
    "ContainerNotFound": _GONE,
    "ContainerDisabled": _GONE,
    "ContainerBeingDeleted": _UNDER_WAY,
    "AuthenticationFailed": _NOBODY,
    "InvalidAuthenticationInfo": _NOBODY,
    "NoAuthenticationInformation": _NOBODY,
    "AuthorizationFailure": _RIGHTS,
    "AuthorizationPermissionMismatch": _RIGHTS,
    "AuthorizationProtocolMismatch": _RIGHTS,
    "AuthorizationResourceTypeMismatch": _RIGHTS,
    "AuthorizationServiceMismatch": _RIGHTS,
    "AuthorizationSourceIPMismatch": _RIGHTS,
    "InsufficientAccountPermissions": _RIGHTS,
    "KeyBasedAuthenticationNotPermitted": _RIGHTS,
    "PublicAccessNotPermitted": _RIGHTS,
    "AccountIsDisabled": Row(ForbiddenError, "the account is disabled"),
    "BlobImmutableDueToPolicy": _KEPT,
    "BlobImmutableDueToLegalHold": _KEPT,
    "LeaseIdMissing": _LEASED,
    "LeaseIdMismatchWithBlobOperation": _LEASED,
    "LeaseAlreadyPresent": Row(
        OfferUnavailableError, "a hold of the object is being lifted; try again in a minute"
    ),
    "BlobArchived": _COLD,
    "BlobBeingRehydrated": _COLD,
    "ServerBusy": _BUSY,
    "TooManyRequests": _BUSY,
    "OperationTimedOut": Row(OfferTimeoutError, "the service took too long", doubtful=True),
    "InternalError": Row(OfferUnavailableError, "the service failed", doubtful=True),
    "Md5Mismatch": _SPOILT,
    "Crc64Mismatch": _SPOILT,
    "InvalidRange": Row(InvalidRangeError, "the range lies outside the object"),
    "BlobAlreadyExists": Row(ObjectConflictError, "held already"),
    "ConditionNotMet": Row(ObjectConflictError, "it is not what it was a moment ago"),
    "InvalidBlockList": _MEANWHILE,
    "InvalidBlobOrBlock": Row(
        OfferFailedError, "blocks of another program are in the way; they vanish within a week"
    ),
    "RequestBodyTooLarge": _TOO_LARGE,
    "BlockCountExceedsLimit": _TOO_LARGE,
    "UnsupportedHeader": _TOO_OLD,
    "InvalidHeaderValue": _TOO_OLD,
    "UnsupportedQueryParameter": _TOO_OLD,
    "FeatureVersionMismatch": _TOO_OLD,
    "BlobAccessTierNotSupportedForAccountType": Row(
        UnsupportedOperationError, "the account has no such tier; see 'tier'"
    ),
}
"""By the service's own code."""

_BY_STATUS: Mapping[int, Row] = {
    401: _NOBODY,
    403: _RIGHTS,
    404: Row(OfferUnavailableError, "not found, but not said by the service itself"),
    408: Row(OfferTimeoutError, "the service took too long", doubtful=True),
    429: _BUSY,
    501: _TOO_OLD,
    502: Row(OfferUnavailableError, "a gateway on the way failed", doubtful=True),
    503: _BUSY,
    504: Row(OfferTimeoutError, "a gateway on the way gave up", doubtful=True),
    507: Row(OfferFullError, "no room left"),
}
_UNPROVED = frozenset({"AuthenticationFailed", "AuthorizationFailure"})
"""Codes of a signature that is refused, the time in it included."""
_SKEW = 300.0
"""Seconds between the clocks from which they are named as a likely cause; 900 are refused."""


def code_of(answer: HttpAnswer) -> str:
    """The service's own word for a refusal; empty when it gave none."""
    return answer.headers.get("x-ms-error-code", "")


def refusal(
    answer: HttpAnswer,
    ref: ObjectRef | None = None,
    *,
    changing: bool,
    clock: Clock = SYSTEM_CLOCK,
) -> OfferError:
    """The error for an answer that is not the one hoped for.

    Args:
        answer: of the service, or of something between.
        ref: the object it is about.
        changing: whether the request could have changed what is held.
        clock: ours, to hold against the service's where a signature is refused.
    """
    code = code_of(answer)
    row = _row(code, answer.status)
    message = f"{row.sentence}{_skew(code, answer, clock)} [{_named(answer, code)}]"
    if issubclass(row.kind, OfferUnavailableError):
        return row.kind(
            message,
            ref=ref,
            retry_after=retry_after(answer.headers, clock),
            effect_unknown=row.doubtful and changing,
        )
    return row.kind(message, ref=ref)


def _row(code: str, status: int) -> Row:
    if code in TABLE:
        return TABLE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return Row(OfferUnavailableError, "the service is elsewhere; correct the URL")
    if status >= 500:
        return Row(OfferUnavailableError, "the service failed", doubtful=True)
    return Row(OfferFailedError, "the service refused")


def _named(answer: HttpAnswer, code: str) -> str:
    request = answer.headers.get("x-ms-request-id", "")
    told = f"{answer.status} {code}".rstrip()
    return f"{told}, request {request}" if request else told


def _skew(code: str, answer: HttpAnswer, clock: Clock) -> str:
    """What a clock that is wrong has to do with it."""
    if code not in _UNPROVED or "Date" not in answer.headers:
        return ""
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
        apart = (clock.now() - theirs).total_seconds()
    except (ValueError, TypeError):
        return ""
    if abs(apart) < _SKEW:
        return ""
    return f" (this machine's clock is {apart:+.0f} s off the service's: set it first)"
