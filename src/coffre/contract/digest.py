"""Digests: an algorithm's name and a value, the means by which fixity is checked.

The default is SHA-512, the algorithm VITAM uses everywhere. MD5 is accepted because old
holdings arrive with it; it is marked *weak*, since two different objects can be made to
share one MD5.

Source: PREMIS 3.0, 1.5.2 fixity; FIPS 180-4 (SHA-2); FIPS 202 (SHA-3); RFC 7693 (BLAKE2).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol

from coffre.contract.errors import InvalidDigestError

Buffer = bytes | bytearray | memoryview
"""What can be digested or written without a copy."""


class Hasher(Protocol):
    """A digest being computed, as ``hashlib`` makes them."""

    def update(self, data: Buffer, /) -> None:
        """Take more bytes in."""
        ...

    def digest(self) -> bytes:
        """The value for the bytes taken in so far."""
        ...


class DigestAlgorithm(StrEnum):
    """Algorithms that coffre computes and compares."""

    SHA512 = "sha512"
    SHA384 = "sha384"
    SHA256 = "sha256"
    SHA3_512 = "sha3-512"
    BLAKE2B = "blake2b"
    MD5 = "md5"

    @property
    def weak(self) -> bool:
        """Whether a forger can make two objects with one digest: good against decay only."""
        return self is DigestAlgorithm.MD5

    @property
    def length(self) -> int:
        """Length of a digest, in bytes."""
        return _LENGTHS[self]

    def new(self) -> Hasher:
        """Begin a digest of no bytes yet."""
        return _MAKERS[self]()

    def of(self, data: Buffer) -> Digest:
        """Digest bytes that are already in memory."""
        hasher = self.new()
        hasher.update(data)
        return Digest(self, hasher.digest())

    @classmethod
    def parse(cls, text: str) -> DigestAlgorithm:
        """Read a name; accepts the spellings in use, such as ``SHA-512`` or ``sha_512``.

        Raises:
            InvalidDigestError: no algorithm of that name.
        """
        plain = text.strip().lower().replace("_", "-")
        for algorithm in cls:
            if plain in (algorithm.value, algorithm.value.replace("sha", "sha-", 1)):
                return algorithm
        known = ", ".join(cls)
        raise InvalidDigestError(f"unknown digest algorithm {text!r}; use one of {known}")


# The constructors themselves: hashlib.new() looks its name up in a microsecond, for each object.
_MAKERS: dict[DigestAlgorithm, Callable[[], Hasher]] = {
    DigestAlgorithm.SHA512: hashlib.sha512,
    DigestAlgorithm.SHA384: hashlib.sha384,
    DigestAlgorithm.SHA256: hashlib.sha256,
    DigestAlgorithm.SHA3_512: hashlib.sha3_512,
    DigestAlgorithm.BLAKE2B: hashlib.blake2b,
    DigestAlgorithm.MD5: partial(hashlib.md5, usedforsecurity=False),
}
_LENGTHS = {
    DigestAlgorithm.SHA512: 64,
    DigestAlgorithm.SHA384: 48,
    DigestAlgorithm.SHA256: 32,
    DigestAlgorithm.SHA3_512: 64,
    DigestAlgorithm.BLAKE2B: 64,
    DigestAlgorithm.MD5: 16,
}


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest of a whole object. Two digests are equal only under one algorithm."""

    algorithm: DigestAlgorithm
    value: bytes

    def __post_init__(self) -> None:
        """Refuse a value that the algorithm cannot have produced.

        Raises:
            InvalidDigestError: the length is wrong.
        """
        if len(self.value) != _LENGTHS[self.algorithm]:
            raise InvalidDigestError(
                f"a {self.algorithm} digest has {self.algorithm.length} bytes, "
                f"this one {len(self.value)}"
            )

    @property
    def hex(self) -> str:
        """The value in lower-case hexadecimal."""
        return self.value.hex()

    def __str__(self) -> str:
        """``sha512:9b71...``: how a digest is written in records, reports and logs."""
        return f"{self.algorithm}:{self.value.hex()}"

    def matches(self, other: Digest) -> bool:
        """Compare in constant time; digests of different algorithms never match."""
        return self.algorithm is other.algorithm and hmac.compare_digest(self.value, other.value)

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read ``algorithm:hexadecimal``.

        Raises:
            InvalidDigestError: unknown algorithm, not hexadecimal, or a wrong length.
        """
        name, colon, value = text.strip().partition(":")
        if not colon:
            raise InvalidDigestError(f"{text!r} is not a digest; write it as sha512:<hexadecimal>")
        try:
            raw = bytes.fromhex(value)
        except ValueError:
            raise InvalidDigestError(f"{value!r} is not hexadecimal") from None
        return cls(DigestAlgorithm.parse(name), raw)
