"""Shared Key: what is signed of a request, and how. Pure; nothing here knows a connection.

Source: Azure Storage, "Authorize with Shared Key", string of 2009-09-19 and later.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from coffre.contract import ParameterError

Query = Sequence[tuple[str, str]]
"""Parameters of a query, names and values not escaped."""

_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
"""Headers that are signed by their place, empty when absent."""


def string_to_sign(
    method: str, path: str, query: Query, headers: Mapping[str, str], *, account: str
) -> str:
    """What the key signs.

    Args:
        method: GET, PUT ...
        path: of the URL, escaped as it is sent, the account's own part (emulators) included.
        query: not escaped.
        headers: all that are sent, with ``Content-Length`` when it is not zero.
        account: name of the storage account.
    """
    small = {name.lower(): value.strip() for name, value in headers.items()}
    lines = [method, *(small.get(name, "") for name in _SIGNED)]
    lines += sorted(f"{name}:{small[name]}" for name in small if name.startswith("x-ms-"))
    return "\n".join(lines) + f"\n/{account}{path}" + _canonical(query)


def _canonical(query: Query) -> str:
    return "".join(f"\n{name}:{value}" for name, value in sorted(query))


def signature(key: bytes, text: str) -> str:
    """HMAC-SHA256 of the string, in base64."""
    return base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()


def read_key(text: str) -> bytes:
    """The key of an account, from its base64.

    Raises:
        ParameterError: it is not base64; the key is not repeated.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ParameterError("parameter 'account_key' is not a key in base64") from None
