"""The table of refusals, row by row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

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
from coffre.drivers.s3.errors import CODES, STATUSES, by_code, lost_after, refusal
from coffre.http import Headers, HttpAnswer

REF = ObjectRef(tenant=0, container="object", identifier="x")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

CLASSES: dict[str, type[OfferError]] = {
    "NoSuchKey": ObjectNotFoundError,
    "NoSuchVersion": ObjectNotFoundError,
    "NoSuchBucket": OfferUnavailableError,
    "NoSuchUpload": OfferUnavailableError,
    "PreconditionFailed": ObjectConflictError,
    "ConditionalRequestConflict": OfferUnavailableError,
    "OperationAborted": OfferUnavailableError,
    "AccessDenied": ForbiddenError,
    "AllAccessDisabled": ForbiddenError,
    "AccountProblem": ForbiddenError,
    "InvalidAccessKeyId": ForbiddenError,
    "SignatureDoesNotMatch": ForbiddenError,
    "InvalidToken": ForbiddenError,
    "InvalidClientTokenId": ForbiddenError,
    "ExpiredToken": ForbiddenError,
    "TokenRefreshRequired": ForbiddenError,
    "RequestExpired": ForbiddenError,
    "RequestTimeTooSkewed": ForbiddenError,
    "MethodNotAllowed": ForbiddenError,
    "InvalidObjectState": NotReadyError,
    "RestoreAlreadyInProgress": NotReadyError,
    "ObjectLocked": RetainedError,
    "PermanentRedirect": OfferUnavailableError,
    "TemporaryRedirect": OfferUnavailableError,
    "Redirect": OfferUnavailableError,
    "AuthorizationHeaderMalformed": OfferUnavailableError,
    "IllegalLocationConstraintException": OfferUnavailableError,
    "BadDigest": DigestMismatchError,
    "XAmzContentSHA256Mismatch": DigestMismatchError,
    "XAmzContentChecksumMismatch": DigestMismatchError,
    "InvalidDigest": DigestMismatchError,
    "IncompleteBody": OfferUnavailableError,
    "InvalidPart": OfferFailedError,
    "InvalidRange": InvalidRangeError,
    "NotImplemented": UnsupportedOperationError,
    "EntityTooLarge": OfferFullError,
    "QuotaExceeded": OfferFullError,
    "InsufficientCapacity": OfferFullError,
    "XMinioStorageFull": OfferFullError,
    "TooManyBuckets": OfferFullError,
    "SlowDown": OfferUnavailableError,
    "TooManyRequests": OfferUnavailableError,
    "Throttling": OfferUnavailableError,
    "ThrottlingException": OfferUnavailableError,
    "RequestLimitExceeded": OfferUnavailableError,
    "BandwidthLimitExceeded": OfferUnavailableError,
    "ServiceUnavailable": OfferUnavailableError,
    "RequestTimeout": OfferTimeoutError,
    "InternalError": OfferUnavailableError,
}
IN_DOUBT = {
    "NoSuchUpload",
    "ConditionalRequestConflict",
    "OperationAborted",
    "ServiceUnavailable",
    "InternalError",
}
"""After these a put may have been done all the same."""


def answer(status: int, code: str = "", *headers: bytes) -> HttpAnswer:
    body = f"<Error><Code>{code}</Code></Error>".encode() if code else b"<html>"
    return HttpAnswer(status, Headers(headers), body)


def test_every_row_is_held_against_this_page() -> None:
    assert set(CODES) == set(CLASSES)


@pytest.mark.parametrize(("code", "kind"), CLASSES.items(), ids=CLASSES)
def test_a_code_is_one_kind_of_error(code: str, kind: type[OfferError]) -> None:
    found = refusal(answer(400, code), "put", REF, safe=False, now=NOW)

    assert type(found) is kind
    assert found.ref == REF
    assert found.message.startswith("put: ")
    assert found.message.endswith(f"[400 {code}]")
    if isinstance(found, OfferUnavailableError):
        assert found.effect_unknown is (code in IN_DOUBT)


def test_of_a_question_nothing_is_ever_in_doubt() -> None:
    for code in IN_DOUBT:
        found = refusal(answer(500, code), "stat", REF, safe=True, now=NOW)
        assert isinstance(found, OfferUnavailableError)
        assert not found.effect_unknown


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, OfferUnavailableError),
        (307, OfferUnavailableError),
        (400, OfferFailedError),
        (401, ForbiddenError),
        (403, ForbiddenError),
        (404, OfferUnavailableError),
        (408, OfferTimeoutError),
        (409, OfferUnavailableError),
        (412, ObjectConflictError),
        (413, OfferFullError),
        (416, InvalidRangeError),
        (418, OfferFailedError),
        (429, OfferUnavailableError),
        (500, OfferUnavailableError),
        (501, UnsupportedOperationError),
        (502, OfferUnavailableError),
        (503, OfferUnavailableError),
        (504, OfferUnavailableError),
        (507, OfferFullError),
    ],
)
@pytest.mark.parametrize("code", ["", "SomethingNew"])
def test_without_a_code_that_is_known_the_status_decides(
    status: int, kind: type[OfferError], code: str
) -> None:
    assert type(refusal(answer(status, code), "put", REF, safe=False, now=NOW)) is kind


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_after_a_failure_of_the_service_or_of_a_proxy_the_effect_is_in_doubt(status: int) -> None:
    found = refusal(answer(status), "put", REF, safe=False, now=NOW)
    assert isinstance(found, OfferUnavailableError)
    assert found.effect_unknown


def test_a_bare_404_says_nothing_of_an_object() -> None:
    assert STATUSES[404].kind is not ObjectNotFoundError


def test_how_long_to_wait_is_passed_on() -> None:
    found = refusal(answer(503, "SlowDown", b"Retry-After: 5"), "put", REF, safe=False, now=NOW)
    assert isinstance(found, OfferUnavailableError)
    assert found.retry_after == 5.0


def test_what_the_service_says_is_never_repeated_at_length() -> None:
    found = refusal(answer(400, "A" * 5000 + "\n<b>"), "put", REF, safe=False, now=NOW)
    assert len(found.message) < 300
    assert "\n" not in found.message


def test_the_region_is_only_told_where_another_one_is_wanted() -> None:
    header = b"x-amz-bucket-region: eu-west-3"
    redirect = refusal(answer(301, "PermanentRedirect", header), "put", REF, safe=False, now=NOW)
    refused = refusal(answer(403, "AccessDenied", header), "put", REF, safe=False, now=NOW)
    assert 'region = "eu-west-3"' in redirect.message
    assert "eu-west-3" not in refused.message


def test_of_many_objects_each_has_its_own_error() -> None:
    assert type(by_code("AccessDenied", "delete", REF)) is ForbiddenError
    assert type(by_code("Unheard", "delete", REF)) is OfferFailedError
    doubtful = by_code("InternalError", "delete", REF)
    assert isinstance(doubtful, OfferUnavailableError)
    assert doubtful.effect_unknown


def test_what_nobody_can_see_is_not_in_doubt() -> None:
    error = OfferUnavailableError("lost", effect_unknown=True)
    assert lost_after(error) is error
    assert not error.effect_unknown
