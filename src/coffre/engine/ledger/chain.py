"""The chain of events: pure functions from an event to its digest.

Each event carries the SHA-512 of the digest before it and of its own canonical bytes, so that
an event changed, removed, added or moved breaks the chain from there on. Canonical bytes are
JSON with sorted keys, no spaces, ASCII only: one event has one spelling, on any machine.

The chain finds accidents, and changes by whoever does not rewrite all that follows. Whoever
can rewrite the whole table is only found by a head kept elsewhere: see
:class:`~coffre.engine.ledger.records.LedgerHead`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quote

GENESIS = bytes(64)
"""What the first event has in the place of a digest before it."""

canonical_json = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
).encode
"""The one spelling of a value. ASCII keeps even file names that are not valid text."""


def canonical_texts(texts: Mapping[str, str]) -> str:
    """:data:`canonical_json` of a mapping from text to text, at a fifth of its cost."""
    if not texts:
        return "{}"
    pairs = [f"{quote(name)}:{quote(texts[name])}" for name in sorted(texts)]
    return f"{{{','.join(pairs)}}}"


def storable(text: str) -> str:
    """Free text as any database can hold it: file names in messages may not be valid text."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def canonical_event(
    seq: int, at: str, kind: str, author: str, ref: str | None, object_id: int | None, body: str
) -> bytes:
    """The bytes of one event that its digest covers.

    Written by hand because it is done for every object; a test holds it equal to
    :data:`canonical_json` of the same mapping.

    Args:
        seq: number of the event.
        at: when, RFC 3339 UTC.
        kind: kind of event.
        author: who.
        ref: object concerned, ``tenant/container/identifier``.
        object_id: number of the object concerned.
        body: canonical JSON of the particulars.
    """
    return (
        f'{{"at":{quote(at)},"author":{quote(author)},"body":{body},"kind":{quote(kind)},'
        f'"object":{"null" if object_id is None else object_id},'
        f'"ref":{"null" if ref is None else quote(ref)},"seq":{seq}}}'
    ).encode("utf-8", "surrogatepass")  # ASCII, unless somebody changed the row


def link(previous: bytes, event: bytes) -> bytes:
    """Digest of an event: SHA-512 of the digest before it, then of its canonical bytes."""
    return hashlib.sha512(previous + event).digest()


def parse_json(text: str) -> Mapping[str, object]:
    """Read a JSON object back.

    Raises:
        ValueError: not JSON, or not an object.
    """
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
