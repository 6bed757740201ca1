"""One table from libcurl's codes to the contract's errors."""

from __future__ import annotations

import pycurl
import pytest

from coffre.contract import ConnectionLostError, OfferTimeoutError, OfferUnavailableError
from coffre.http import Headers, Site
from coffre.http.errors import error_of

SITE = Site(url="https://service.example:9000/base")

UNREACHED = [
    (pycurl.E_COULDNT_RESOLVE_HOST, OfferUnavailableError),
    (pycurl.E_COULDNT_RESOLVE_PROXY, OfferUnavailableError),
    (pycurl.E_COULDNT_CONNECT, OfferUnavailableError),
    (97, OfferUnavailableError),
    (pycurl.E_SSL_CONNECT_ERROR, OfferUnavailableError),
    (pycurl.E_PEER_FAILED_VERIFICATION, OfferUnavailableError),
    (pycurl.E_SSL_CERTPROBLEM, OfferUnavailableError),
    (pycurl.E_SSL_CACERT_BADFILE, OfferUnavailableError),
    (pycurl.E_SSL_ISSUER_ERROR, OfferUnavailableError),
    (pycurl.E_OPERATION_TIMEDOUT, OfferTimeoutError),
    (pycurl.E_RECV_ERROR, ConnectionLostError),
]
LOST = [
    (pycurl.E_OPERATION_TIMEDOUT, OfferTimeoutError),
    (pycurl.E_PARTIAL_FILE, ConnectionLostError),
    (pycurl.E_GOT_NOTHING, ConnectionLostError),
    (pycurl.E_SEND_ERROR, ConnectionLostError),
    (pycurl.E_RECV_ERROR, ConnectionLostError),
    (pycurl.E_SEND_FAIL_REWIND, ConnectionLostError),
    (pycurl.E_ABORTED_BY_CALLBACK, ConnectionLostError),
    (pycurl.E_WRITE_ERROR, ConnectionLostError),
    (pycurl.E_COULDNT_CONNECT, ConnectionLostError),
    (pycurl.E_UNSUPPORTED_PROTOCOL, ConnectionLostError),
    (12345, ConnectionLostError),
]


@pytest.mark.parametrize(("code", "kind"), UNREACHED)
def test_before_anything_was_asked_nothing_was_done(
    code: int, kind: type[OfferUnavailableError]
) -> None:
    error = error_of(code, "", SITE, asked=False, safe=False)

    assert type(error) is kind
    assert not error.effect_unknown


@pytest.mark.parametrize(("code", "kind"), LOST)
@pytest.mark.parametrize("safe", [False, True])
def test_once_asked_the_effect_of_what_changes_something_is_unknown(
    code: int, kind: type[OfferUnavailableError], safe: bool
) -> None:
    error = error_of(code, "", SITE, asked=True, safe=safe)

    assert type(error) is kind
    assert error.effect_unknown is not safe


@pytest.mark.parametrize(("code", "kind"), UNREACHED + LOST)
def test_messages_name_the_service_and_repeat_nothing_that_was_asked(
    code: int, kind: type[OfferUnavailableError]
) -> None:
    detail = "https://service.example/?signature=secret"
    for asked in (False, True):
        message = str(error_of(code, detail, SITE, asked=asked, safe=False))
        assert message.startswith("service.example:9000: ")
        assert f"[curl {code}]" in message
        tls = code in (35, 58, 60, 77, 83) and not asked
        assert ("secret" in message) is tls


def test_headers_are_told_by_name_in_any_case_and_joined() -> None:
    headers = Headers([b"A: 1\r\n", b"B:  x y \r\n", b"a:2\r\n", b"broken\r\n", b"\r\n"])

    assert (headers["A"], headers["b"], len(headers), list(headers)) == (
        "1, 2",
        "x y",
        2,
        ["a", "b"],
    )
    assert headers.get("C") is None
    assert repr(headers) == "Headers(a, b)"
