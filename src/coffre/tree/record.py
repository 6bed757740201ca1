"""Records: what travels with an object, so that a ledger can be rebuilt from one offer alone.

One line of JSON, small enough for an extended attribute, readable by a person. The digest in
it is the *expected* one, written once, at the put: reading it back says nothing of the bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from json.encoder import encode_basestring as quote

from coffre.contract import (
    NO_METADATA,
    Digest,
    InvalidDigestError,
    ObjectRef,
    as_text,
)

RECORD_VERSION = 1
"""Another number is a record that this code cannot read, and does not guess at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRecord:
    """What was known of an object when it was stored."""

    ref: ObjectRef
    size: int
    """Length, in bytes."""
    digest: Digest
    """Expected digest."""
    stored_at: datetime
    """When it was stored, UTC."""
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    """Names and values given at the put."""


def encode_record(record: ObjectRecord) -> bytes:
    """Write a record as one line of JSON in UTF-8, without a line break."""
    return record_line(
        record.ref, record.size, record.digest, as_text(record.stored_at), record.metadata
    )


def record_line(
    ref: ObjectRef, size: int, digest: Digest, stored_at: str, metadata: Mapping[str, str]
) -> bytes:
    """The same line from its parts, for whoever writes many under one reading of the clock.

    Args:
        ref: the object.
        size: its length in bytes.
        digest: its expected digest.
        stored_at: as :func:`~coffre.contract.as_text` writes it.
        metadata: names and values.
    """
    # By hand, in a third of the time: only the metadata can hold anything to escape. A test
    # holds every line against the encoder of the standard library.
    given = f',"metadata":{_texts(metadata)}' if metadata else ""
    return (
        f'{{"record":{RECORD_VERSION},'
        f'"ref":"{ref.tenant}/{ref.container}/{ref.identifier}","size":{size},'
        f'"digest":"{digest.algorithm.value}:{digest.value.hex()}","stored_at":"{stored_at}"{given}}}'
    ).encode()


def _texts(texts: Mapping[str, str]) -> str:
    pairs = [f"{quote(name)}:{quote(value)}" for name, value in texts.items()]
    return f"{{{','.join(pairs)}}}"


def decode_record(data: bytes) -> ObjectRecord:
    """Read a record.

    Raises:
        ValueError: damaged, or written by a newer coffre; the sentence says which.
    """
    try:
        line = json.loads(data)
        if line["record"] != RECORD_VERSION:
            raise ValueError(f"record version {line['record']!r} is not {RECORD_VERSION}")
        return ObjectRecord(
            ref=ObjectRef.parse(line["ref"]),
            size=_length(line["size"]),
            digest=Digest.parse(line["digest"]),
            stored_at=_moment(line["stored_at"]),
            metadata=_metadata(line.get("metadata", {})),
        )
    except (TypeError, KeyError, AttributeError, RecursionError, InvalidDigestError) as error:
        raise ValueError(f"damaged record: {error}") from error


def _length(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a length")
    return value


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment


def _metadata(value: Mapping[object, object]) -> Mapping[str, str]:
    if not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise ValueError("metadata that is not text")
    return {str(name): str(text) for name, text in value.items()}
