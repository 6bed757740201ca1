"""Signatures: the platform secret shows who asks, without TLS and beside it.

A signature covers the method, the path and the time: neither the body nor any other header. What
was seen on the network can be sent again, on the same path, for a minute. It is a lock on the
door, not an envelope: TLS is what protects the bytes.

Source: offer protocol, 3.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from urllib.parse import unquote_plus

from coffre.contract import Secret
from coffre.wire.errors import SignatureError
from coffre.wire.headers import PLATFORM_ID, TIMESTAMP

CLOSE = 10
"""Seconds that two clocks may differ without anybody being told."""
FARTHEST = 60
"""Seconds that two clocks may differ at all."""
UNSIGNED = frozenset({"/offer/v1/status", "/admin/v1/status"})
"""Paths that are let through unsigned: exactly these.

Existing offers let through whatever ends with ``/status``, an object's path included.
"""

_SECONDS = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)


class Clocks(StrEnum):
    """How far the clock of a request that was let through is from ours."""

    TOGETHER = "together"
    """At most :data:`CLOSE` seconds."""
    APART = "apart"
    """More, and at most :data:`FARTHEST`: the administrator is to be told, now and then."""


def signature_of(method: str, path: str, timestamp: int, secret: str) -> str:
    """The value of ``X-Platform-Id``.

    Args:
        method: in any case; signed in upper case.
        path: from ``/offer/v1`` on, before percent-encoding, without query.
        timestamp: seconds since the epoch.
        secret: the platform secret, revealed.
    """
    text = f"{method.upper()};{path};{timestamp};{secret}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sign(method: str, path: str, secret: Secret, now: datetime) -> dict[str, str]:
    """The two headers that sign one request; to be computed again whenever it is sent again."""
    timestamp = int(now.timestamp())
    return {
        PLATFORM_ID: signature_of(method, path, timestamp, secret.reveal()),
        TIMESTAMP: str(timestamp),
    }


def check_signature(
    method: str,
    target: str,
    *,
    platform_id: str | None,
    timestamp: str | None,
    secrets: Iterable[Secret],
    now: datetime,
) -> Clocks:
    """Let a request through, or refuse it.

    Args:
        method: of the request.
        target: of the request, as it was sent: percent-encoded, and with its query if any.
        platform_id: value of ``X-Platform-Id``, ``None`` when it was not sent.
        timestamp: value of ``X-Timestamp``, likewise.
        secrets: the secrets that are good now; two while one replaces the other.
        now: our clock.

    Returns:
        How far the clocks are apart; ``TOGETHER`` for a path that needs no signature.

    Raises:
        SignatureError: a header is missing, the clocks are too far apart, or no secret gives this
            signature. The message tells which, and nothing about the secret.
    """
    path = target.partition("?")[0]
    if path in UNSIGNED:
        return Clocks.TOGETHER
    if not platform_id or not timestamp:
        raise SignatureError(f"the request is not signed: send {PLATFORM_ID} and {TIMESTAMP}")
    if _SECONDS.fullmatch(timestamp) is None:
        raise SignatureError(f"{TIMESTAMP} is not a number of seconds")
    distance = abs(int(now.timestamp()) - int(timestamp))
    if distance > FARTHEST:
        raise SignatureError(f"the clocks are more than {FARTHEST} s apart; set them")
    if not _signed_by_one_of(secrets, method, path, int(timestamp), platform_id):
        raise SignatureError("the request is not signed with the platform secret")
    return Clocks.TOGETHER if distance <= CLOSE else Clocks.APART


def _signed_by_one_of(
    secrets: Iterable[Secret], method: str, path: str, timestamp: int, given: str
) -> bool:
    # Existing offers decode the path as a form does, `+` included; names never hold one.
    decoded = unquote_plus(path)
    found = False
    for secret in secrets:
        expected = signature_of(method, decoded, timestamp, secret.reveal())
        # Bytes, since text beyond ASCII cannot be compared in constant time. All are compared,
        # so that time does not tell which one was meant.
        same = hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
        found = found or same
    return found
