"""Records: what is kept beside an object, in headers ``x-ms-meta-coffre_…`` of its blob.

Published together with the bytes, in the request that makes them visible. Readable without
coffre: the digest as ``sha512:…``, metadata as JSON in ASCII. What is long is deflated; what is
longer than the service's 8 KiB lies in a blob of its own (``sidecars``), named in the record
together with its SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from coffre.contract import (
    NO_METADATA,
    Digest,
    InvalidDigestError,
    ObjectCorruptError,
    ObjectRef,
)

_DIGEST = "x-ms-meta-coffre_digest"
_SIZE = "x-ms-meta-coffre_size"
_JSON = "x-ms-meta-coffre_metadata"
_DEFLATED = "x-ms-meta-coffre_metadata_deflated"
_ELSEWHERE = "x-ms-meta-coffre_metadata_in"
ROOM = 7000
"""Bytes of a header that metadata may take: 8,192 for all of them, names included."""
_LONGEST = 1024 * 1024
"""Bytes of metadata believed when they are inflated: many times what can be stored."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was found beside an object; of one that others stored, nothing."""

    digest: Digest | None = None
    size: int | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    elsewhere: str | None = None
    """Name of the sidecar that holds the metadata, and their digest after a space."""


def as_json(metadata: Mapping[str, str]) -> str:
    """Metadata in ASCII, without a space: a header is signed with its spaces folded."""
    return json.dumps(dict(metadata), separators=(",", ":")).replace(" ", "\\u0020")


def inline(metadata: Mapping[str, str]) -> dict[str, str] | None:
    """The header that holds the metadata; ``None`` when no header can."""
    if not metadata:
        return {}
    text = as_json(metadata)
    if len(text) <= ROOM:
        return {_JSON: text}
    deflated = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return {_DEFLATED: deflated} if len(deflated) <= ROOM else None


def elsewhere(name: str) -> dict[str, str]:
    """The header that says where the metadata are."""
    return {_ELSEWHERE: name}


def identity(digest: Digest, size: int) -> dict[str, str]:
    """The headers that tell what the object is."""
    return {_DIGEST: str(digest), _SIZE: str(size)}


def read_record(headers: Mapping[str, str], ref: ObjectRef) -> Record:
    """The record among the headers of an answer.

    Raises:
        ObjectCorruptError: there is one, and it cannot be read.
    """
    try:
        digest, size = headers.get(_DIGEST), headers.get(_SIZE)
        return Record(
            digest=None if digest is None else Digest.parse(digest),
            size=None if size is None else int(size),
            metadata=_metadata(headers),
            elsewhere=headers.get(_ELSEWHERE),
        )
    except (InvalidDigestError, ValueError, binascii.Error, zlib.error) as error:
        raise ObjectCorruptError("the record beside the object cannot be read", ref=ref) from error


def _metadata(headers: Mapping[str, str]) -> Mapping[str, str]:
    if _JSON in headers:
        return parse_json(headers[_JSON])
    if _DEFLATED in headers:
        inflating = zlib.decompressobj()
        return parse_json(inflating.decompress(base64.b64decode(headers[_DEFLATED]), _LONGEST))
    return NO_METADATA


def parse_json(text: str | bytes) -> Mapping[str, str]:
    """Metadata from their JSON.

    Raises:
        ValueError: it is none, or holds something else than text.
    """
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise ValueError("not metadata")
    return found
