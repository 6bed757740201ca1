"""Keys: Ed25519 (RFC 8032), in the file formats that other programs read.

A private key is a PEM file (PKCS #8) that only its owner may read, as ``openssl genpkey -algorithm
ed25519`` writes it too. A public key is 32 bytes; people pass it on as one word, ``ed25519:`` and
those bytes in base64, or as the PEM file that ``openssl pkey -pubout`` writes. A key is never made
but by :meth:`PrivateKey.make`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from coffre.seal.errors import KeyExistsError, SealingKeyError, SigningMissingError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "ed25519"
LENGTH = 32
"""Bytes of a public key."""
LONGEST_FILE = 16 * 1024
"""Bytes; no file with a key is longer."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a signature is checked with; anyone may have it."""

    raw: bytes
    """32 bytes."""

    def __post_init__(self) -> None:
        """Refuse what has another length.

        Raises:
            SealingKeyError: it has.
        """
        if len(self.raw) != LENGTH:
            raise SealingKeyError(f"an Ed25519 public key has {LENGTH} bytes, not {len(self.raw)}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the one word, ``ed25519:`` and base64.

        Raises:
            SealingKeyError: it is not written so.
        """
        algorithm, _, encoded = text.strip().partition(":")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        # Written again, so that one key has one spelling: base64 leaves bits over.
        if algorithm != ALGORITHM or len(raw) != LENGTH or str(cls(raw)) != text.strip():
            raise SealingKeyError(
                "a public key is written ed25519:, then 32 bytes in base64, or is a PEM file"
            )
        return cls(raw)

    @classmethod
    def named(cls, text: str) -> Self:
        """Read the word itself, or the file that holds it or a PEM public key.

        Args:
            text: a key, or the path of a file.

        Raises:
            SealingKeyError: neither; or the file holds a private key, which is nobody else's.
            SigningMissingError: a PEM file needs the library.
        """
        if text.startswith(f"{ALGORITHM}:"):
            return cls.parse(text)
        data = _read(Path(text))
        if b"PRIVATE KEY" in data:
            raise SealingKeyError(
                f"{text} holds a private key: give the public one, which coffre conform --new-key "
                "printed (openssl pkey -pubout prints it again, too)"
            )
        if b"-----BEGIN" in data:
            return cls(_raw_of_pem(data, text))
        return cls.parse(data.decode("ascii", errors="replace"))

    def __str__(self) -> str:
        """The one word."""
        return f"{ALGORITHM}:{base64.b64encode(self.raw).decode('ascii')}"

    @property
    def id(self) -> str:
        """A name for it: ``sha256:`` and the digest of its bytes."""
        return f"sha256:{hashlib.sha256(self.raw).hexdigest()}"

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether a signature is this key's, over exactly these bytes.

        Raises:
            SigningMissingError: the library is not installed.
        """
        need_library()
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """What signs; it is read from a file, never shown, never pickled."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Hold a key of the library. Use :meth:`read` or :meth:`make`."""
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw())
        """Its public half."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a key.

        Args:
            path: a PEM file that nobody but its owner can read.

        Raises:
            SealingKeyError: not there, no Ed25519 private key, with a passphrase, or open to
                others.
            SigningMissingError: the library is not installed.
        """
        need_library()
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        data = _read(path, private=True)
        try:
            key = load_pem_private_key(data, password=None)
        except TypeError:
            raise SealingKeyError(
                f"{path} is protected by a passphrase, which coffre does not ask for: decrypt it "
                "into a file that only you can read"
            ) from None
        except (ValueError, UnsupportedAlgorithm):
            raise SealingKeyError(f"{path} holds no private key in PEM (PKCS #8)") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise SealingKeyError(f"{path} holds a private key, and not one of Ed25519")
        return cls(key)

    @classmethod
    def make(cls, path: Path) -> Self:
        """Make a new key and write it to a new file, mode 0600, flushed to the disk.

        Raises:
            KeyExistsError: there is something of that name; it stays as it is.
            SealingKeyError: the file cannot be written; none is left.
            SigningMissingError: the library is not installed.
        """
        need_library()
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        key = Ed25519PrivateKey.generate()
        _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return cls(key)

    def sign(self, message: bytes) -> bytes:
        """The signature over these bytes, 64 bytes long."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        """Its public half."""
        return f"PrivateKey({self.public})"

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to be pickled.

        Raises:
            TypeError: always.
        """
        raise TypeError("a private key is not pickled; read it where it is used")


def need_library() -> None:
    """See that signatures can be made and checked here.

    Raises:
        SigningMissingError: the library is not installed; the message says how to.
    """
    try:
        import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401
    except ImportError as error:
        raise SigningMissingError(
            "signatures need the library cryptography: pip install 'coffre[certificate]'"
        ) from error


def _raw_of_pem(data: bytes, name: str) -> bytes:
    need_library()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise SealingKeyError(f"{name} holds no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SealingKeyError(f"{name} holds a public key, and not one of Ed25519")
    return key.public_bytes_raw()


def _read(path: Path, *, private: bool = False) -> bytes:
    try:
        with path.open("rb") as file:
            open_to_others = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            data = file.read(LONGEST_FILE)
    except OSError as error:
        raise SealingKeyError(f"the key {path} cannot be read: {error.strerror}") from None
    if private and open_to_others:
        raise SealingKeyError(f"others than its owner can read the key {path}: chmod 600 {path}")
    return data


def _write(path: Path, data: bytes) -> None:
    try:
        # Exclusive, and private from its first byte: no moment at which others could open it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyExistsError(f"{path} is there already, and stays as it is: name another") from None
    except OSError as error:
        raise SealingKeyError(f"the key {path} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise SealingKeyError(f"the key {path} cannot be written: {error.strerror}") from None
