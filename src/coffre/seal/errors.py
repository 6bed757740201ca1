"""Errors of sealed documents and of the keys that seal them."""

from __future__ import annotations

from coffre.contract import CoffreError


class SealError(CoffreError):
    """A sealed document, or a key, that nothing can be done with."""

    code = "seal-error"


class SigningMissingError(SealError, ImportError):
    """The library for signatures is not installed."""

    code = "signing-missing"


class SealingKeyError(SealError, ValueError):
    """A key that cannot be used: not there, not a key, or open to others."""

    code = "key-unusable"


class KeyExistsError(SealError, FileExistsError):
    """There is something where a new key was to be written; it stays as it is."""

    code = "key-exists"


class DocumentError(SealError, ValueError):
    """No sealed document, or one of a kind that this version does not know."""

    code = "document-unreadable"


class NotGenuineError(SealError):
    """The document was changed after it was sealed, or somebody else sealed it."""

    code = "not-genuine"
