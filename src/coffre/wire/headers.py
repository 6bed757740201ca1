"""Headers: their names, and what their values mean.

Names are written as the existing clients write them; HTTP compares them without case. A reader
is given the value of a header, or ``None`` when it was not sent; a header that was sent twice is
to be given with a comma between the values, as HTTP says, and none of these readers takes that.

Source: offer protocol, 2.1, 2.2, 5.4, 5.5.
"""

from __future__ import annotations

import re

from coffre.contract import DigestAlgorithm, check_tenant
from coffre.contract.errors import InvalidReferenceError
from coffre.wire.errors import HeaderError, NegativeLengthError

TENANT = "X-Tenant-Id"
LENGTH = "Vitam-Content-Length"
DIGEST_ALGORITHM = "X-digest-algorithm"
NO_CACHE = "X-Offer-No-Cache"
CROSS_TENANT = "X-Admin-Cross-Tenant-Access-Request-Allowed"
PLATFORM_ID = "X-Platform-Id"
TIMESTAMP = "X-Timestamp"
USABLE_SPACE = "X-Usable-Space"
CONTENT_LENGTH = "X-Content-Length"
REQUEST_ID = "X-Request-Id"

ECHOED = (REQUEST_ID, TENANT)
"""Headers of the session that an answer repeats."""
KEPT_FOR_LOGS = (
    "X-Access-Contract-Id",
    "X-Security-Context-ID",
    "X-Application-Id",
    "X-Personal-Certificate",
)
"""Headers of the session that only logs are interested in."""

JSON = "application/json"
OCTET_STREAM = "application/octet-stream"

MAX_HEAD = 8192
"""Longest head of a request that an existing offer takes, in bytes."""
MAX_LENGTH = 2**63 - 1
"""Largest number of bytes that both ends can say: a signed integer of 64 bits."""
UNKNOWN_SPACE = -1
"""Usable space of an offer that cannot tell: Swift, S3 and tape."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.@:-]{1,128}", re.ASCII)

_ALGORITHMS = {
    "MD5": DigestAlgorithm.MD5,
    "SHA-256": DigestAlgorithm.SHA256,
    "SHA-384": DigestAlgorithm.SHA384,
    "SHA-512": DigestAlgorithm.SHA512,
}
_SPELLINGS = {algorithm: name for name, algorithm in _ALGORITHMS.items()}
_NOT_COMPUTED = "SHA-1"
"""In the protocol, and not computed by coffre."""


def read_tenant(value: str | None) -> int:
    """Read ``X-Tenant-Id``: one plain integer, 0 and up.

    Existing offers build the container's name from the text as it stands, so that ``000`` and
    ``0`` are two containers there. Only the shortest spelling is taken.

    Raises:
        HeaderError: missing, or anything else.
    """
    try:
        tenant = int(_decimal(TENANT, value))
        check_tenant(tenant)
    except InvalidReferenceError as error:
        raise HeaderError(f"{TENANT}: {error}") from error
    return tenant


def read_length(value: str | None, name: str = LENGTH) -> int:
    """Read a number of bytes.

    Raises:
        NegativeLengthError: a whole number below zero.
        HeaderError: missing, or not a whole number of 64 bits.
    """
    if value is not None and value.startswith("-") and _DECIMAL.fullmatch(value[1:]):
        raise NegativeLengthError(f"{name} is below zero")
    length = int(_decimal(name, value))
    if length > MAX_LENGTH:
        raise HeaderError(f"{name} is larger than any object")
    return length


def _decimal(name: str, value: str | None) -> str:
    if value is None:
        raise HeaderError(f"{name} is missing")
    if _DECIMAL.fullmatch(value) is None:
        raise HeaderError(f"{name} is not one whole number")
    return value


def read_flag(value: str | None, name: str) -> bool:
    """Read a flag: ``true`` in any case is true, any other text is false.

    Raises:
        HeaderError: missing.
    """
    if value is None:
        raise HeaderError(f"{name} is missing; send true or false")
    return value.strip().lower() == "true"


def write_flag(flag: bool) -> str:
    """Write a flag."""
    return "true" if flag else "false"


def read_algorithm(value: str | None) -> DigestAlgorithm:
    """Read ``X-digest-algorithm``; names are exact, case included.

    Raises:
        HeaderError: missing, unknown, or one that coffre does not compute (``SHA-1``).
    """
    if value is None:
        raise HeaderError(f"{DIGEST_ALGORITHM} is missing")
    algorithm = _ALGORITHMS.get(value)
    if algorithm is None:
        why = "is not computed here" if value == _NOT_COMPUTED else "is not an algorithm"
        raise HeaderError(f"{DIGEST_ALGORITHM}: {value[:40]!a} {why}; use one of {_names()}")
    return algorithm


def write_algorithm(algorithm: DigestAlgorithm) -> str:
    """Write the name of an algorithm as the protocol spells it.

    Raises:
        HeaderError: the protocol has no name for it.
    """
    name = _SPELLINGS.get(algorithm)
    if name is None:
        raise HeaderError(f"the protocol has no name for {algorithm}; use one of {_names()}")
    return name


def _names() -> str:
    return ", ".join(_ALGORITHMS)


def read_usable_space(value: str | None) -> int | None:
    """Read ``X-Usable-Space``: bytes free, ``None`` when the offer does not tell.

    An existing client takes 100 GB for a header that is missing or not a number. Here, what is
    not known stays unknown.
    """
    if value is None or _DECIMAL.fullmatch(value) is None:
        return None
    return int(value)


def write_usable_space(free: int | None) -> str:
    """Write ``X-Usable-Space``; -1 when it is not known."""
    return str(UNKNOWN_SPACE if free is None else min(free, MAX_LENGTH))


def read_request_id(value: str | None) -> str | None:
    """Read ``X-Request-Id``; ``None`` when there is none that is fit to be repeated.

    It goes into logs and answers: one with spaces, control characters or without end is dropped.
    """
    if value is None or _REQUEST_ID.fullmatch(value) is None:
        return None
    return value
