"""Sealed documents: a JSON object, its kind and its signer, in a DSSE envelope.

The envelope carries the document's exact bytes in base64, and the signature is over those bytes
and their kind. Nothing is put in a canonical form, neither to sign nor to check, so that two
programs cannot disagree about it (ADR 0030). The document names the public key of its signer
under ``signer``, within what is signed: it can be checked by itself, and says whose it is.

Source: DSSE 1.0, protocol and JSON envelope; RFC 8032, Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from coffre.seal.errors import DocumentError, NotGenuineError, SealingKeyError
from coffre.seal.keys import PrivateKey, PublicKey

SIGNER = "signer"
"""Member of every sealed document: the public key of who sealed it."""
LARGEST = 16 * 1024 * 1024
"""Bytes of the largest document that is looked at."""

Claims = Mapping[str, object]
"""What a document says: one JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDocument:
    """A document whose seal was found whole: every claim is as its signer wrote it."""

    kind: str
    """Its declared type: ``application/vnd.coffre....+json``."""
    claims: Claims
    signer: PublicKey


def seal(kind: str, claims: Claims, key: PrivateKey) -> bytes:
    """Sign a document.

    Args:
        kind: its type, which is signed as well.
        claims: what it says; the signer's public key is added.
        key: the signer's.

    Returns:
        The file: a JSON envelope in UTF-8.
    """
    told = {SIGNER: str(key.public), **claims}
    payload = json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1).encode()
    signature = key.sign(signed_bytes(kind, payload))
    envelope = {
        "payloadType": kind,
        "payload": _encoded(payload),
        "signatures": [{"keyid": key.public.id, "sig": _encoded(signature)}],
    }
    return json.dumps(envelope, ensure_ascii=False, indent=1).encode() + b"\n"


def unseal(data: bytes, *, expected: PublicKey | None = None) -> SealedDocument:
    """Check a document's seal.

    Args:
        data: the file.
        expected: the key that must have sealed it; any key will do when ``None``, and then the
            document is whole and may be anybody's.

    Raises:
        DocumentError: it is no sealed document.
        NotGenuineError: the signature does not fit, or is not of the expected key.
        SigningMissingError: the library is not installed.
    """
    kind, payload, key_id, signature = _envelope(data)
    claims = _object(payload, "the document")
    signer = _signer(claims)
    if key_id != signer.id or not signer.has_signed(signed_bytes(kind, payload), signature):
        raise NotGenuineError(
            "the signature does not fit the document: it was changed after it was sealed"
        )
    if expected is not None and expected != signer:
        raise NotGenuineError(f"sealed by another key than expected: it is {signer}")
    return SealedDocument(kind=kind, claims=claims, signer=signer)


def signed_bytes(kind: str, payload: bytes) -> bytes:
    """What a signature is over: DSSE's pre-authentication encoding.

    Lengths stand before both parts, so that no byte can move from one to the other.
    """
    return b"DSSEv1 %d %b %d %b" % (len(kind.encode()), kind.encode(), len(payload), payload)


# --- reading ---------------------------------------------------------------------------------


def _envelope(data: bytes) -> tuple[str, bytes, str, bytes]:
    """Kind, payload, key id and signature. Members that DSSE may add one day are passed over."""
    match _object(data, "the file"):
        case {
            "payloadType": str(kind),
            "payload": str(payload),
            "signatures": [{"keyid": str(key_id), "sig": str(signature)}],
        }:
            if not kind.isprintable():
                raise DocumentError("its type is no text that can be printed")
            return kind, _decoded(payload), key_id, _decoded(signature)
    raise DocumentError("it is no sealed document: a payload, its type and one signature")


def _signer(claims: Claims) -> PublicKey:
    try:
        return PublicKey.parse(str(claims.get(SIGNER)))
    except SealingKeyError:
        raise DocumentError("the document does not name the key of its signer") from None


def _object(data: bytes, what: str) -> dict[str, object]:
    """One JSON object that every reader of JSON reads alike."""
    if len(data) > LARGEST:
        raise DocumentError(f"{what} is larger than {LARGEST} bytes: no document of ours is")
    try:
        # RecursionError: brackets in brackets, thousands deep.
        found = json.loads(data.decode(), object_pairs_hook=_members, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise DocumentError(f"{what} is no JSON text") from None
    if not isinstance(found, dict):
        raise DocumentError(f"{what} is no JSON object")
    return found


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; a name that comes twice is read as the first by some and the last by others."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decoded(text: str) -> bytes:
    """The bytes, when the text is the one way to write them: base64 leaves bits over."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DocumentError("the file holds something else than base64") from None
    if _encoded(data) != text:
        raise DocumentError("the file holds base64 that is not written as it should be")
    return data
