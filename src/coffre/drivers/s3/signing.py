"""Signature version 4: what proves to the service who asks, and that nothing was changed.

Every request is signed in its headers. The payload's SHA-256 is part of what is signed; a service
that checks it (AWS, Ceph, Swift) refuses a body that is not the one we meant.

Source: AWS, "Signature Version 4 for API requests"; for S3, paths are escaped once, not twice.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from coffre.drivers.s3.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
NO_PAYLOAD = sha256(b"").hexdigest()
"""What is signed of a request without a body."""
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Said where the body's digest is not known before it is sent."""

_PLAIN = "-_.~"
Query = Sequence[tuple[str, str]]
"""Names and values of a query, unescaped."""


def escaped_path(path: str) -> str:
    """A path as it is sent and signed: everything but letters, digits, ``-_.~`` and slashes."""
    return quote(path, safe="/" + _PLAIN)


def escaped_query(query: Query) -> str:
    """A query as it is sent and signed: sorted by name, then by value."""
    pairs = sorted((quote(name, safe=_PLAIN), quote(value, safe=_PLAIN)) for name, value in query)
    return "&".join(f"{name}={value}" for name, value in pairs)


class Signer:
    """Signs requests to one region; remembers the key of the day. Used by one thread at a time."""

    __slots__ = ("_day", "_host", "_key", "_of", "_region")

    def __init__(self, host: str, region: str) -> None:
        """Say for whom.

        Args:
            host: the ``Host`` header, as it will be sent.
            region: as the service names it.
        """
        self._host = host
        self._region = region
        self._day = ""
        self._of: Credentials | None = None
        self._key = b""

    def signed(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        payload: str,
        credentials: Credentials,
        moment: datetime,
    ) -> dict[str, str]:
        """All headers of a request, its signature among them.

        Args:
            method: GET, PUT and the like.
            path: escaped, from the first slash of the URL.
            query: escaped and sorted, without a question mark.
            headers: of the request; names in lower case. All of them are signed.
            payload: SHA-256 of the body in hexadecimal, or :data:`UNSIGNED`.
            credentials: of who asks.
            moment: UTC, now.
        """
        stamp = moment.strftime("%Y%m%dT%H%M%SZ")
        all_headers = {
            **headers,
            "host": self._host,
            "x-amz-content-sha256": payload,
            "x-amz-date": stamp,
        }
        if credentials.token:
            all_headers["x-amz-security-token"] = credentials.token
        names = sorted(all_headers)
        listed = ";".join(names)
        lines = "".join(f"{name}:{_folded(all_headers[name])}\n" for name in names)
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{listed}\n{payload}"
        scope = f"{stamp[:8]}/{self._region}/s3/aws4_request"
        to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        key = self._key_of(credentials, stamp[:8])
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        del all_headers["host"]  # the HTTP core says it, as it was signed
        all_headers["authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key}/{scope},"
            f"SignedHeaders={listed},Signature={signature}"
        )
        return all_headers

    def _key_of(self, credentials: Credentials, day: str) -> bytes:
        if self._day != day or self._of is not credentials:
            key = b"AWS4" + credentials.secret_key.encode()
            for part in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key, self._day, self._of = key, day, credentials
        return self._key


def _folded(value: str) -> str:
    return " ".join(value.split()) if "  " in value else value.strip()
