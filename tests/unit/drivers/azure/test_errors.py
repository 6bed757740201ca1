"""Each refusal of the service, row by row, and what is said where it gives no code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coffre.contract import (
    ConnectionLostError,
    ForbiddenError,
    InvalidRangeError,
    NotReadyError,
    ObjectConflictError,
    ObjectNotFoundError,
    OfferError,
    OfferFailedError,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    RetainedError,
    UnsupportedOperationError,
)
from coffre.drivers.azure.errors import refusal
from coffre.http import Headers, HttpAnswer

ROWS = [
    (404, "BlobNotFound", ObjectNotFoundError),
    (404, "ResourceNotFound", ObjectNotFoundError),
    (404, "ContainerNotFound", OfferUnavailableError),
    (409, "ContainerBeingDeleted", OfferUnavailableError),
    (404, "", OfferUnavailableError),
    (301, "", OfferUnavailableError),
    (307, "", OfferUnavailableError),
    (400, "", OfferFailedError),
    (401, "InvalidAuthenticationInfo", ForbiddenError),
    (401, "NoAuthenticationInformation", ForbiddenError),
    (403, "AuthenticationFailed", ForbiddenError),
    (403, "AuthorizationPermissionMismatch", ForbiddenError),
    (403, "AuthorizationFailure", ForbiddenError),
    (403, "AccountIsDisabled", ForbiddenError),
    (403, "KeyBasedAuthenticationNotPermitted", ForbiddenError),
    (401, "", ForbiddenError),
    (403, "", ForbiddenError),
    (412, "LeaseIdMissing", ForbiddenError),
    (409, "LeaseAlreadyPresent", OfferUnavailableError),
    (409, "BlobImmutableDueToPolicy", RetainedError),
    (409, "BlobImmutableDueToLegalHold", RetainedError),
    (409, "BlobArchived", NotReadyError),
    (409, "BlobBeingRehydrated", NotReadyError),
    (409, "BlobAlreadyExists", ObjectConflictError),
    (412, "ConditionNotMet", ObjectConflictError),
    (400, "InvalidBlockList", OfferUnavailableError),
    (400, "InvalidBlobOrBlock", OfferFailedError),
    (400, "Md5Mismatch", ConnectionLostError),
    (400, "Crc64Mismatch", ConnectionLostError),
    (416, "InvalidRange", InvalidRangeError),
    (413, "RequestBodyTooLarge", OfferFailedError),
    (409, "BlockCountExceedsLimit", OfferFailedError),
    (400, "UnsupportedHeader", UnsupportedOperationError),
    (400, "InvalidHeaderValue", UnsupportedOperationError),
    (501, "", UnsupportedOperationError),
    (503, "ServerBusy", OfferUnavailableError),
    (429, "TooManyRequests", OfferUnavailableError),
    (503, "", OfferUnavailableError),
    (500, "OperationTimedOut", OfferTimeoutError),
    (500, "InternalError", OfferUnavailableError),
    (504, "", OfferTimeoutError),
    (502, "", OfferUnavailableError),
    (507, "", OfferFullError),
]
DOUBTFUL = {(500, "OperationTimedOut"), (500, "InternalError"), (504, ""), (502, "")}


class Stopped:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 19, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


def said(status: int, code: str = "", **headers: str) -> HttpAnswer:
    named = {"x-ms-error-code": code} if code else {}
    told = named | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}".encode() for name, value in told.items()]
    return HttpAnswer(status, Headers(lines), b"<Error>the MAC signature s3cr3t</Error>")


@pytest.mark.parametrize(("status", "code", "kind"), ROWS)
def test_a_refusal_has_its_error(status: int, code: str, kind: type[OfferError]) -> None:
    error = refusal(said(status, code), changing=True)

    assert type(error) is kind
    assert str(status) in str(error)
    assert code in str(error)
    assert "s3cr3t" not in str(error)


@pytest.mark.parametrize(("status", "code", "kind"), ROWS)
def test_only_some_refusals_of_a_change_leave_its_effect_in_doubt(
    status: int, code: str, kind: type[OfferError]
) -> None:
    changing = refusal(said(status, code), changing=True)
    reading = refusal(said(status, code), changing=False)

    assert getattr(changing, "effect_unknown", False) is ((status, code) in DOUBTFUL)
    assert getattr(reading, "effect_unknown", False) is False


def test_a_service_that_asks_to_be_left_alone_is_understood() -> None:
    error = refusal(said(503, "ServerBusy", retry_after="7"), changing=True)

    assert isinstance(error, OfferUnavailableError)
    assert error.retry_after == 7.0


def test_the_request_can_be_named_to_the_vendor() -> None:
    error = refusal(said(500, "InternalError", x_ms_request_id="5e1f"), changing=False)

    assert str(error) == "the service failed [500 InternalError, request 5e1f]"


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Tue, 24 Nov 2026 19:20:00 GMT", "clock is -1200 s off"),
        ("Tue, 24 Nov 2026 18:00:00 GMT", "clock is +3600 s off"),
        ("Tue, 24 Nov 2026 19:00:09 GMT", ""),
        ("no date", ""),
    ],
)
def test_a_clock_that_is_wrong_is_told_where_a_signature_is_refused(date: str, told: str) -> None:
    error = refusal(said(403, "AuthenticationFailed", Date=date), changing=True, clock=Stopped())

    assert told in str(error)
    assert ("clock" in str(error)) is bool(told)
