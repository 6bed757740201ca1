"""From libcurl's codes to the contract's errors: the one place where they meet.

Only the code is looked at. libcurl's own sentences may name what was asked for, so none is
repeated, but for TLS, where they say what is wrong with the certificate and nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import pycurl

from coffre.contract import ConnectionLostError, OfferTimeoutError, OfferUnavailableError
from coffre.http.site import Site


class _Row(NamedTuple):
    """What one code means."""

    kind: type[OfferUnavailableError]
    sentence: str
    detailed: bool = False


_UNREACHED: dict[int, _Row] = {
    pycurl.E_COULDNT_RESOLVE_HOST: _Row(
        OfferUnavailableError, "the name is not known; check the URL and the name service"
    ),
    pycurl.E_COULDNT_RESOLVE_PROXY: _Row(
        OfferUnavailableError, "the name of the proxy is not known; check the proxy's URL"
    ),
    pycurl.E_COULDNT_CONNECT: _Row(
        OfferUnavailableError, "no connection; check that the service runs and can be reached"
    ),
    97: _Row(OfferUnavailableError, "the proxy refused; check its URL and its rights"),
    pycurl.E_SSL_CONNECT_ERROR: _Row(
        OfferUnavailableError, "TLS was not agreed on; check that the port speaks TLS 1.2", True
    ),
    pycurl.E_PEER_FAILED_VERIFICATION: _Row(
        OfferUnavailableError, "the certificate is not believed; check the CA bundle", True
    ),
    pycurl.E_SSL_CERTPROBLEM: _Row(
        OfferUnavailableError, "our own certificate cannot be used; check its files", True
    ),
    pycurl.E_SSL_CACERT_BADFILE: _Row(
        OfferUnavailableError, "the CA bundle cannot be read; check its file", True
    ),
    pycurl.E_SSL_ISSUER_ERROR: _Row(
        OfferUnavailableError, "the certificate is not believed; check the CA bundle", True
    ),
    pycurl.E_OPERATION_TIMEDOUT: _Row(
        OfferTimeoutError, "no connection in time; check that the service can be reached"
    ),
}

_LOST: dict[int, _Row] = {
    pycurl.E_OPERATION_TIMEDOUT: _Row(OfferTimeoutError, "nothing moved for too long"),
    pycurl.E_PARTIAL_FILE: _Row(ConnectionLostError, "the answer was cut"),
    pycurl.E_GOT_NOTHING: _Row(ConnectionLostError, "the connection was closed without an answer"),
    pycurl.E_SEND_ERROR: _Row(ConnectionLostError, "the connection broke while sending"),
    pycurl.E_RECV_ERROR: _Row(ConnectionLostError, "the connection broke while receiving"),
    pycurl.E_SEND_FAIL_REWIND: _Row(
        ConnectionLostError, "the kept connection died; nothing is sent twice"
    ),
    pycurl.E_ABORTED_BY_CALLBACK: _Row(
        ConnectionLostError, "the kept connection died; nothing is sent twice"
    ),
    pycurl.E_WRITE_ERROR: _Row(ConnectionLostError, "the answer was not taken"),
}

_GARBLED = _Row(ConnectionLostError, "the answer is not HTTP/1.1")


def error_of(
    code: int, detail: str, site: Site, *, asked: bool, safe: bool
) -> OfferUnavailableError:
    """The error for a request that got no answer.

    Args:
        code: libcurl's, not zero.
        detail: libcurl's sentence; repeated for TLS only.
        site: who was asked.
        asked: something of the request may have reached the service.
        safe: the request changes nothing.
    """
    reached = asked or code not in _UNREACHED
    row = _LOST.get(code, _GARBLED) if reached else _UNREACHED[code]
    said = f" ({detail})" if row.detailed and detail else ""
    return row.kind(
        f"{site.host}: {row.sentence}{said} [curl {code}]", effect_unknown=asked and not safe
    )


def stalled(site: Site, *, asked: bool, safe: bool) -> OfferUnavailableError:
    """The error for a connection on which nothing moved for as long as the site allows."""
    return OfferTimeoutError(
        f"{site.host}: nothing moved for {site.stall_timeout:g} s",
        effect_unknown=asked and not safe,
    )


def broken(site: Site, sentence: str, *, safe: bool) -> OfferUnavailableError:
    """The error for an answer that cannot be relied on."""
    return ConnectionLostError(f"{site.host}: {sentence}", effect_unknown=not safe)
