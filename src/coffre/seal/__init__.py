"""Seals: documents that are signed, and can be checked by anyone, without a network.

A sealed document is one JSON file: its exact bytes, what kind of document they are, and an Ed25519
signature over both (DSSE). Whoever holds the public key of the signer can tell whether a single
byte was changed; what the document claims is for its reader to believe, or not.

Needs the library ``cryptography``, which the extra ``coffre[certificate]`` brings. It is imported
when a key is used, never before.
"""

from coffre.seal.document import LARGEST, SealedDocument, seal, unseal
from coffre.seal.errors import (
    DocumentError,
    KeyExistsError,
    NotGenuineError,
    SealError,
    SealingKeyError,
    SigningMissingError,
)
from coffre.seal.fields import Fields
from coffre.seal.keys import PrivateKey, PublicKey, need_library

__all__ = [
    "LARGEST",
    "DocumentError",
    "Fields",
    "KeyExistsError",
    "NotGenuineError",
    "PrivateKey",
    "PublicKey",
    "SealError",
    "SealedDocument",
    "SealingKeyError",
    "SigningMissingError",
    "need_library",
    "seal",
    "unseal",
]
