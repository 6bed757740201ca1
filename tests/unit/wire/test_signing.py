"""Signatures: the vectors of the protocol (section 3), and every way of being refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import Secret
from coffre.wire import Clocks, SignatureError, check_signature, sign, signature_of

SECRET = "coffre-secret"
SIGNED_AT = 1_700_000_000
NOW = datetime.fromtimestamp(SIGNED_AT, UTC)

VECTORS = [
    (
        "PUT",
        "/offer/v1/objects/OBJECT/aeaqaaaaaadoc01",
        "053ab41692e679e3b5c365fd12aa4aea0452731232f64e4de70dec849ef964b1",
    ),
    (
        "GET",
        "/offer/v1/objects/UNIT/logs",
        "ce528d12f11f19ac4a0c94f3be093433b0b7484bfe6cb5b95b3dd555a904fe96",
    ),
    (
        "HEAD",
        "/offer/v1/objects/OBJECT",
        "674eb06e66e86fe4ede1cba14b9ad1d6ced51db1e60aabe58f374f9fc25d2fe0",
    ),
    (
        "GET",
        "/offer/v1/bulk/objects/OBJECT/metadata",
        "88b86b34fa5c614ffd718eaf200fa12c7d28e37fbae0f41cffed76623aa69d90",
    ),
]
METHOD, PATH, SIGNATURE = VECTORS[0]


def checked(
    target: str = PATH,
    *,
    method: str = METHOD,
    platform_id: str | None = SIGNATURE,
    timestamp: str | None = str(SIGNED_AT),
    secrets: tuple[str, ...] = (SECRET,),
    seconds_later: int = 0,
) -> Clocks:
    return check_signature(
        method,
        target,
        platform_id=platform_id,
        timestamp=timestamp,
        secrets=[Secret(secret) for secret in secrets],
        now=NOW + timedelta(seconds=seconds_later),
    )


@pytest.mark.parametrize(("method", "path", "expected"), VECTORS)
def test_vectors_of_the_protocol(method: str, path: str, expected: str) -> None:
    assert signature_of(method, path, SIGNED_AT, SECRET) == expected
    assert sign(method.lower(), path, Secret(SECRET), NOW) == {
        "X-Platform-Id": expected,
        "X-Timestamp": "1700000000",
    }
    assert checked(path, method=method, platform_id=expected) is Clocks.TOGETHER


@pytest.mark.parametrize(
    ("later", "clocks"),
    [
        (0, Clocks.TOGETHER),
        (10, Clocks.TOGETHER),
        (-10, Clocks.TOGETHER),
        (11, Clocks.APART),
        (50, Clocks.APART),
        (60, Clocks.APART),
        (-60, Clocks.APART),
    ],
)
def test_clocks_may_differ_by_a_minute_and_beyond_ten_seconds_it_is_told(
    later: int, clocks: Clocks
) -> None:
    assert checked(seconds_later=later) is clocks


@pytest.mark.parametrize("later", [61, -61, 86_400])
def test_clocks_further_apart_are_refused(later: int) -> None:
    with pytest.raises(SignatureError, match="clocks"):
        checked(seconds_later=later)


@pytest.mark.parametrize(
    "wrong",
    [
        {"platform_id": None},
        {"platform_id": ""},
        {"timestamp": None},
        {"timestamp": ""},
        {"timestamp": "yesterday"},
        {"timestamp": "-1700000000"},
        {"timestamp": "1700000000.0"},
        {"timestamp": "١٧٠٠٠٠٠٠٠٠"},
        {"timestamp": "9" * 5000},
        {"timestamp": "1700000001"},
        {"platform_id": SIGNATURE.upper()},
        {"platform_id": SIGNATURE[:-1]},
        {"platform_id": "é" * 64},
        {"platform_id": "\udc80"},
        {"method": "GET"},
        {"target": PATH + "x"},
        {"secrets": ("another",)},
        {"secrets": ()},
    ],
)
def test_what_is_not_signed_with_the_secret_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(SignatureError) as caught:
        checked(**wrong)  # type: ignore[arg-type]

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("path", ["/offer/v1/status", "/offer/v1/status?x", "/admin/v1/status"])
def test_the_status_needs_no_signature(path: str) -> None:
    assert checked(path, method="GET", platform_id=None, timestamp=None) is Clocks.TOGETHER


@pytest.mark.parametrize(
    "path", ["/offer/v1/objects/OBJECT/x/status", "/admin/v1/metrics", "/offer/v1/status/"]
)
def test_a_path_that_only_looks_like_the_status_needs_one(path: str) -> None:
    with pytest.raises(SignatureError):
        checked(path, platform_id=None, timestamp=None)


def test_one_secret_can_replace_another_while_both_are_good() -> None:
    assert checked(secrets=("newer", SECRET)) is Clocks.TOGETHER
    assert checked(secrets=(SECRET, "newer")) is Clocks.TOGETHER


def test_the_path_is_signed_before_it_is_encoded_and_without_its_query() -> None:
    assert checked(PATH.replace("aeaq", "%61eaq") + "?a=b") is Clocks.TOGETHER


def test_a_plus_in_a_path_is_a_space_as_in_existing_offers() -> None:
    spaced = signature_of("GET", "/offer/v1/objects/OBJECT/a b", SIGNED_AT, SECRET)

    assert checked("/offer/v1/objects/OBJECT/a+b", method="GET", platform_id=spaced)


@given(st.sampled_from(["GET", "PUT"]), st.text("abc@_-./", min_size=1), st.text(min_size=1))
def test_what_is_signed_is_let_through(method: str, path: str, secret: str) -> None:
    headers = sign(method, path, Secret(secret), NOW)

    assert checked(
        path,
        method=method,
        platform_id=headers["X-Platform-Id"],
        timestamp=headers["X-Timestamp"],
        secrets=(secret,),
    )
