"""What S3 services refuse with, in the words of the contract: one table, by the code they give.

A code says more than a status: 403 may be a wrong key, a wrong clock, or an object that is
retained. Where there is no code (answers to HEAD have no body, proxies speak HTML) the status is
all there is, and less is concluded from it.

Source: AWS, "Error responses"; Ceph, ``rgw_common.cc``; seen on the servers under test.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from coffre.contract import (
    DigestMismatchError,
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
from coffre.drivers.s3.documents import parse
from coffre.http import HttpAnswer, retry_after


class Row(NamedTuple):
    """What one code, or one status, means."""

    kind: type[OfferError]
    sentence: str
    doubt: bool = False
    """Whether a request that changes something may have had its effect all the same."""


CODES: Mapping[str, Row] = {
    # Not there.
    "NoSuchKey": Row(ObjectNotFoundError, "the offer does not hold it"),
    "NoSuchVersion": Row(ObjectNotFoundError, "the offer does not hold this version"),
    "NoSuchBucket": Row(
        OfferUnavailableError, "there is no such bucket; check its name, or prepare the offer"
    ),
    "NoSuchUpload": Row(
        OfferUnavailableError, "the upload was aborted, by a sweep or a rule of the bucket", True
    ),
    # Something else is there.
    "PreconditionFailed": Row(ObjectConflictError, "the reference already holds an object"),
    "ConditionalRequestConflict": Row(
        OfferUnavailableError, "another writer is at work on the same object; try again", True
    ),
    "OperationAborted": Row(
        OfferUnavailableError, "another operation is under way on the same thing; try again", True
    ),
    # Who asks.
    "AccessDenied": Row(ForbiddenError, "no right to do this; check the policy of user and bucket"),
    "AllAccessDisabled": Row(ForbiddenError, "the bucket is closed to everybody"),
    "AccountProblem": Row(ForbiddenError, "the account has a problem; ask the provider"),
    "InvalidAccessKeyId": Row(ForbiddenError, "the access key is not known; check the credentials"),
    "SignatureDoesNotMatch": Row(
        ForbiddenError, "the signature is not accepted; check the secret key and the region"
    ),
    "InvalidToken": Row(ForbiddenError, "the session token is not accepted; get a new one"),
    "InvalidClientTokenId": Row(ForbiddenError, "the credentials are not known; check them"),
    "ExpiredToken": Row(
        ForbiddenError, "the credentials have expired; renew them, or use ones that renew"
    ),
    "TokenRefreshRequired": Row(ForbiddenError, "the credentials have expired; renew them"),
    "RequestExpired": Row(ForbiddenError, "the request came too late; check both clocks"),
    "RequestTimeTooSkewed": Row(ForbiddenError, "the clocks differ too much; set this machine's"),
    "MethodNotAllowed": Row(ForbiddenError, "the service does not allow this here"),
    "InvalidObjectState": Row(
        NotReadyError, "held in a cold class; ask for access, and come back when it is ready"
    ),
    "RestoreAlreadyInProgress": Row(NotReadyError, "access was asked for; come back later"),
    "ObjectLocked": Row(RetainedError, "a retention date or a hold forbids it"),
    # Elsewhere.
    "PermanentRedirect": Row(OfferUnavailableError, "the bucket is elsewhere"),
    "TemporaryRedirect": Row(OfferUnavailableError, "the bucket is being moved; try again later"),
    "Redirect": Row(OfferUnavailableError, "the bucket is being moved; try again later"),
    "AuthorizationHeaderMalformed": Row(
        OfferUnavailableError, "the signature is for another region"
    ),
    "IllegalLocationConstraintException": Row(
        OfferUnavailableError, "the bucket belongs to another region"
    ),
    # What was sent.
    "BadDigest": Row(DigestMismatchError, "the bytes changed on their way; put it again"),
    "XAmzContentSHA256Mismatch": Row(
        DigestMismatchError, "the bytes changed on their way; put it again"
    ),
    "XAmzContentChecksumMismatch": Row(
        DigestMismatchError, "the bytes changed on their way; put it again"
    ),
    "InvalidDigest": Row(DigestMismatchError, "the service could not read the digest sent"),
    "IncompleteBody": Row(
        OfferUnavailableError, "fewer bytes arrived than were announced; put it again"
    ),
    "InvalidPart": Row(OfferFailedError, "the service has lost a part of the upload"),
    "InvalidRange": Row(InvalidRangeError, "the range lies outside the object"),
    "NotImplemented": Row(
        UnsupportedOperationError, "the service does not know this; see the driver's page"
    ),
    # No room.
    "EntityTooLarge": Row(OfferFullError, "larger than the service takes; check part_size"),
    "QuotaExceeded": Row(OfferFullError, "the quota is used up"),
    "InsufficientCapacity": Row(OfferFullError, "the service has no room left"),
    "XMinioStorageFull": Row(OfferFullError, "the service has no room left"),
    "TooManyBuckets": Row(OfferFullError, "no more buckets are allowed"),
    # Later.
    "SlowDown": Row(OfferUnavailableError, "the service asks to be left alone for a while"),
    "TooManyRequests": Row(OfferUnavailableError, "the service asks to be left alone for a while"),
    "Throttling": Row(OfferUnavailableError, "the service asks to be left alone for a while"),
    "ThrottlingException": Row(
        OfferUnavailableError, "the service asks to be left alone for a while"
    ),
    "RequestLimitExceeded": Row(
        OfferUnavailableError, "the service asks to be left alone for a while"
    ),
    "BandwidthLimitExceeded": Row(
        OfferUnavailableError, "the service asks to be left alone for a while"
    ),
    "ServiceUnavailable": Row(OfferUnavailableError, "the service cannot answer now", True),
    "RequestTimeout": Row(OfferTimeoutError, "the service waited too long for the bytes"),
    "InternalError": Row(OfferUnavailableError, "the service failed within; try again", True),
}
"""By the code in the answer's body."""

STATUSES: Mapping[int, Row] = {
    301: CODES["PermanentRedirect"],
    302: CODES["TemporaryRedirect"],
    307: CODES["TemporaryRedirect"],
    308: CODES["PermanentRedirect"],
    401: Row(ForbiddenError, "the service wants other credentials"),
    403: Row(ForbiddenError, "refused; check credentials, clock, and the policy of the bucket"),
    # Of an object nothing is said: it may be the bucket that is missing, or a proxy that speaks.
    404: Row(
        OfferUnavailableError,
        "not found, without a word on what; check the bucket's name, or prepare the offer",
    ),
    405: CODES["MethodNotAllowed"],
    408: CODES["RequestTimeout"],
    409: CODES["OperationAborted"],
    411: Row(
        OfferFailedError, "the service wants a length that was sent; a proxy may take it away"
    ),
    412: CODES["PreconditionFailed"],
    413: CODES["EntityTooLarge"],
    416: CODES["InvalidRange"],
    429: CODES["SlowDown"],
    501: CODES["NotImplemented"],
    503: CODES["ServiceUnavailable"],
    507: CODES["InsufficientCapacity"],
}
"""Where the answer has no code, or one that is not in the table."""

_SERVER_FAILED = Row(OfferUnavailableError, "the service or a proxy before it failed", True)
_REFUSED = Row(OfferFailedError, "the service refused the request")


class Told(NamedTuple):
    """What a refusal says of itself."""

    code: str
    """The service's own, empty without one."""
    region: str
    """Of the bucket, where it is another one."""
    endpoint: str
    """To be used instead."""


def told(answer: HttpAnswer) -> Told:
    """Read a refusal, whatever it is made of."""
    document = parse(answer.body) if answer.body else None
    if document is None or document.name != "Error":
        return Told("", answer.headers.get("x-amz-bucket-region", ""), "")
    region = document.text("Region") or answer.headers.get("x-amz-bucket-region", "")
    # Its own sentences are left out: some repeat the string that was signed.
    return Told(_word(document.text("Code")), _word(region), _word(document.text("Endpoint")))


def _word(text: str) -> str:
    """A word of the service's as far as it may be printed: one line, not endless."""
    return "".join(sign for sign in text[:100] if sign.isalnum() or sign in "-_.:")


def refusal(
    answer: HttpAnswer, doing: str, ref: ObjectRef | None, *, safe: bool, now: datetime
) -> OfferError:
    """The error for an answer that is a refusal.

    Args:
        answer: of any status but those of success.
        doing: what was asked, for the sentence: "put", "delete".
        ref: the object it is about.
        safe: the request changes nothing, whatever became of it.
        now: the time here, to say how far the clocks are apart.
    """
    said = told(answer)
    row = CODES.get(said.code) or _by_status(answer.status)
    sentence = f"{doing}: {row.sentence}{_more(said, answer, now)}"
    named = f"{answer.status} {said.code}".strip()
    message = f"{sentence} [{named}]"
    if issubclass(row.kind, OfferUnavailableError):
        return row.kind(
            message,
            ref=ref,
            retry_after=retry_after(answer.headers),
            effect_unknown=row.doubt and not safe,
        )
    return row.kind(message, ref=ref)


def by_code(code: str, doing: str, ref: ObjectRef) -> OfferError:
    """The error for one object of a request for many, of which only a code is told."""
    row = CODES.get(code, _REFUSED)
    message = f"{doing}: {row.sentence} [{_word(code)}]"
    if issubclass(row.kind, OfferUnavailableError):
        return row.kind(message, ref=ref, effect_unknown=row.doubt)
    return row.kind(message, ref=ref)


def _by_status(status: int) -> Row:
    return STATUSES.get(status) or (_SERVER_FAILED if status >= 500 else _REFUSED)


def _more(said: Told, answer: HttpAnswer, now: datetime) -> str:
    if said.code == "RequestTimeTooSkewed":
        return _skew(answer, now)
    # Only of a redirect: other answers name the region they were asked in.
    if said.region and (300 <= answer.status < 400 or said.code == "AuthorizationHeaderMalformed"):
        return f'; set region = "{said.region}"'
    if said.endpoint and 300 <= answer.status < 400:
        return f"; use {said.endpoint}"
    return ""


def _skew(answer: HttpAnswer, now: datetime) -> str:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
        seconds = (now - theirs).total_seconds()
    except (TypeError, ValueError):
        return ""
    way = "ahead of" if seconds > 0 else "behind"
    return f": it is {abs(seconds):.0f} s {way} the service's"


def lost_after(error: OfferUnavailableError) -> OfferUnavailableError:
    """The same error of a request without which nothing can be seen: no effect is in doubt."""
    error.effect_unknown = False
    return error
