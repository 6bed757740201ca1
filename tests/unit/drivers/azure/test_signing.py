"""Shared Key, against signatures that the vendor's own library (12.31.1) made of the same words."""

from __future__ import annotations

import base64

import pytest

from coffre.contract import ParameterError
from coffre.drivers.azure.signing import read_key, signature, string_to_sign

KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
DATED = {"x-ms-date": "Tue, 24 Nov 2026 19:00:00 GMT", "x-ms-version": "2021-12-02"}


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "expected"),
    [
        pytest.param(
            "GET",
            "/archive/0/object/charter.pdf",
            (),
            {},
            "cDkMgDEn6CII1lNu5mvI2kvuh4kY5WdDgnlsoc+tEyM=",
            id="a-get",
        ),
        pytest.param(
            "PUT",
            "/archive/0/object/a%40b",
            (("comp", "block"), ("blockid", "MDAwMA==")),
            {"Content-Length": "5", "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="},
            "LLq4hCyt1VU1xTN+3yZr2RCcgWApZe07jKdjabYEB5s=",
            id="a-block",
        ),
        pytest.param(
            "PUT",
            "/acme/archive/x",
            (),
            {
                "x-ms-blob-type": "BlockBlob",
                "If-None-Match": "*",
                "x-ms-meta-coffre_digest": "md5:00",
            },
            "z2hJrgndBA2CJ7LZeIdJDw8mVp//t6u8y7um9cjJgTI=",
            id="an-empty-blob-of-an-emulator",
        ),
        pytest.param(
            "GET",
            "/archive",
            (
                ("restype", "container"),
                ("comp", "list"),
                ("prefix", "0/object/"),
                ("marker", "2!88!MDAw"),
            ),
            {},
            "bpJCnHR5IRyurSJyDNBUumVrJlFzgLckNekpN0py4h8=",
            id="a-page",
        ),
    ],
)
def test_a_request_is_signed_as_the_service_reads_it(
    method: str,
    path: str,
    query: tuple[tuple[str, str], ...],
    headers: dict[str, str],
    expected: str,
) -> None:
    text = string_to_sign(method, path, query, DATED | headers, account="acme")

    assert signature(read_key(KEY), text) == expected


def test_a_key_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(ParameterError) as caught:
        read_key("no base64: hush-hush")
    assert "hush" not in str(caught.value)
