"""Signatures are those that the service computes: the examples of its own documentation."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from coffre.drivers.s3.credentials import Credentials
from coffre.drivers.s3.signing import NO_PAYLOAD, Signer, escaped_path, escaped_query

CREDENTIALS = Credentials(
    access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)
MOMENT = datetime(2013, 5, 24, tzinfo=UTC)
WELCOME = sha256(b"Welcome to Amazon S3.").hexdigest()
EXAMPLES = {
    "get-of-a-range": (
        "GET",
        "/test.txt",
        "",
        {"range": "bytes=0-9"},
        NO_PAYLOAD,
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    "put": (
        "PUT",
        escaped_path("/test$file.text"),
        "",
        {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
        WELCOME,
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    "get-of-a-setting": (
        "GET",
        "/",
        escaped_query([("lifecycle", "")]),
        {},
        NO_PAYLOAD,
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    "list": (
        "GET",
        "/",
        escaped_query([("prefix", "J"), ("max-keys", "2")]),
        {},
        NO_PAYLOAD,
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
}
"""Source: AWS, "Authenticating Requests: Using the Authorization Header", examples."""


def signer() -> Signer:
    return Signer("examplebucket.s3.amazonaws.com", "us-east-1")


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "payload", "signature"),
    EXAMPLES.values(),
    ids=EXAMPLES,
)
def test_the_examples_of_the_documentation(
    method: str, path: str, query: str, headers: dict[str, str], payload: str, signature: str
) -> None:
    signed = signer().signed(method, path, query, headers, payload, CREDENTIALS, MOMENT)

    assert signed["authorization"].endswith(f",Signature={signature}")
    assert "host" not in signed, "said by the HTTP core, as it was signed"


def test_a_token_is_sent_and_signed() -> None:
    session = Credentials(access_key="A", secret_key="S", token="of-a-session")
    signed = signer().signed("GET", "/", "", {}, NO_PAYLOAD, session, MOMENT)

    assert signed["x-amz-security-token"] == "of-a-session"
    assert "x-amz-security-token" in signed["authorization"]


def test_the_key_of_another_day_or_of_other_credentials_is_another() -> None:
    one = signer()

    def signature(credentials: Credentials, moment: datetime) -> str:
        return one.signed("GET", "/", "", {}, NO_PAYLOAD, credentials, moment)["authorization"]

    other = Credentials(access_key=CREDENTIALS.access_key, secret_key="another")
    first = signature(CREDENTIALS, MOMENT)
    assert signature(other, MOMENT) != first
    assert signature(CREDENTIALS, MOMENT.replace(day=25)) != first
    assert signature(CREDENTIALS, MOMENT) == first


def test_spaces_in_a_header_count_as_one() -> None:
    def signature(value: str) -> str:
        headers = {"x-amz-meta-name": value}
        return signer().signed("PUT", "/", "", headers, WELCOME, CREDENTIALS, MOMENT)[
            "authorization"
        ]

    assert signature("  two   words ") == signature("two words")


def test_a_path_keeps_its_slashes_and_nothing_else_that_means_something() -> None:
    assert escaped_path("a@b/c d/é") == "a%40b/c%20d/%C3%A9"


def test_a_query_is_sorted_as_it_is_sent() -> None:
    assert escaped_query([("uploads", ""), ("b", "2"), ("B", "a/b"), ("b", "1")]) == (
        "B=a%2Fb&b=1&b=2&uploads="
    )
