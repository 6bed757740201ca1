"""References: tenant, container and identifier, valid by construction.

An ``ObjectRef`` that exists is well formed, so nobody checks it twice, and a hostile one (a
path upwards, a NUL, a look-alike letter) cannot be built. The alphabet is the offer
protocol's: no slash, no space, no leading, trailing or doubled dot, ASCII only.

Source: offer protocol, 5.1 to 5.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coffre.contract.errors import InvalidReferenceError

MAX_NAME_BYTES = 255
"""Longest identifier or container name: what common file systems allow for one name."""
MAX_TENANT = 2**31 - 1
"""Tenants are 32-bit integers in the protocol; only those from 0 up are used."""
RESERVED_IDENTIFIERS = frozenset({"logs", "metadatas"})
"""Words that are routes of the HTTP protocol, and so cannot name an object there."""

_NAME = re.compile(r"[A-Za-z0-9_@-]+(?:\.[A-Za-z0-9_@-]+)*", re.ASCII)


def check_name(name: str, what: str) -> None:
    """Refuse a name that the offer protocol does not allow.

    Args:
        name: an identifier or a container name.
        what: how to call it in the error.

    Raises:
        InvalidReferenceError: not text, too long, or with a character outside the alphabet.
    """
    if not isinstance(name, str):
        raise InvalidReferenceError(f"{what} must be text, not {type(name).__name__}")
    if len(name) > MAX_NAME_BYTES:
        raise InvalidReferenceError(
            f"{what} has {len(name)} characters, at most {MAX_NAME_BYTES} are allowed"
        )
    if _NAME.fullmatch(name) is None:
        raise InvalidReferenceError(
            f"{what} {name!a} is not allowed: use letters, digits, '_', '@', '-', and single "
            "dots inside (no slash, no space, no leading, trailing or doubled dot)"
        )


def check_tenant(tenant: int) -> None:
    """Refuse a tenant that the offer protocol does not allow.

    Raises:
        InvalidReferenceError: not a whole number, negative, or too large.
    """
    if type(tenant) is not int or not 0 <= tenant <= MAX_TENANT:
        # Without the value: Python refuses to write down a number of thousands of digits.
        raise InvalidReferenceError(f"a tenant is a whole number between 0 and {MAX_TENANT}")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObjectRef:
    """Where one object lives: the same three parts in every offer.

    Order is bytewise, the order of every listing.
    """

    tenant: int
    """Owner of the object: 0 and up. Tenants never see each other's objects."""
    container: str
    """Kind of object, such as ``object`` or ``report``; its rights come with it."""
    identifier: str
    """Name of the object in its container, at most 255 bytes of ASCII."""

    def __post_init__(self) -> None:
        """Check the three parts.

        Raises:
            InvalidReferenceError: a part is not allowed; the message says which and why.
        """
        check_tenant(self.tenant)
        # One regular expression decides the ordinary case; check_name explains the others.
        identifier = self.identifier
        if (
            type(identifier) is not str
            or len(identifier) > MAX_NAME_BYTES
            or _NAME.fullmatch(identifier) is None
        ):
            check_name(identifier, "identifier")
        if identifier in RESERVED_IDENTIFIERS:
            raise InvalidReferenceError(
                f"identifier {identifier!r} is reserved by the offer protocol"
            )
        if type(self.container) is not str or self.container not in _known_containers:
            check_name(self.container, "container")
            if len(_known_containers) < _KNOWN_CONTAINERS_LIMIT:
                _known_containers.add(self.container)

    def __str__(self) -> str:
        """``tenant/container/identifier``, as the command line reads it."""
        return f"{self.tenant}/{self.container}/{self.identifier}"

    @classmethod
    def parse(cls, text: str) -> ObjectRef:
        """Read ``tenant/container/identifier``.

        Raises:
            InvalidReferenceError: not three parts, or one of them is not allowed.
        """
        parts = text.split("/")
        if len(parts) != 3 or not re.fullmatch(r"0|[1-9][0-9]{0,9}", parts[0], re.ASCII):
            raise InvalidReferenceError(
                f"{text!a} is not a reference; write tenant/container/identifier, "
                "such as 0/object/charter.pdf"
            )
        return cls(tenant=int(parts[0]), container=parts[1], identifier=parts[2])


# Containers are few (26 in the protocol) and repeat in every reference: remembering the
# names already found good halves the cost of building one. Bounded, so that a stranger
# sending made-up names cannot grow it.
_KNOWN_CONTAINERS_LIMIT = 256
_known_containers: set[str] = set()
