"""Records: the expected digest, the size and the metadata, kept with the object itself.

A record is the line of JSON that every driver of ours writes (:mod:`coffre.tree`), in one header of
user metadata, so that bytes and record become visible in one step. A service keeps about 2 KiB of
user metadata; a record that is longer, or that is not known before the bytes are sent, is an
object of its own, *beside*, written before the object that names it.

A large object whose service cannot create it by condition is kept *aside*, under a key of its own,
and published by a small object that names it: see :mod:`coffre.drivers.s3.aside`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from coffre.contract import (
    Digest,
    ObjectCorruptError,
    ObjectNotFoundError,
    ObjectRef,
    PutRequest,
    as_text,
)
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.service import Service
from coffre.tree import ObjectRecord, decode_record, record_line

RECORD = "x-amz-meta-coffre-record"
"""Header that holds a record."""
BESIDE = "x-amz-meta-coffre-beside"
"""Header that names the object that holds the record."""
ASIDE = "x-amz-meta-coffre-aside"
"""Header that names the object that holds the bytes."""
MOST_RECORD = 1600
"""Bytes of a record in a header: with names and the other headers, below the 2 KiB of S3."""
RECORDS, LARGE = "records", "large"
"""Folders of the driver's own for what is beside, and what is aside."""

# Kept as they are by every service and proxy: printable, no space, nothing that reads as an
# encoded word of mail ("=?").
_ESCAPED = re.compile(r"[^!-~]|=(?=\?)")
_TOKEN = re.compile(r"[0-9a-f]{32}")


def new_token() -> str:
    """A name that nobody else uses."""
    return secrets.token_hex(16)


def folder_of(kind: str, ref: ObjectRef) -> str:
    """Prefix, below the driver's own, of what belongs to one object."""
    return f"{kind}/{ref.tenant}/{ref.container}/{ref.identifier}/"


def beside(service: Service, kind: str, ref: ObjectRef, token: str) -> Place:
    """Where something of an object's lies: its record, or its bytes."""
    return service.naming.own(folder_of(kind, ref) + token)


def owner(name: str) -> tuple[ObjectRef, str] | None:
    """Object and token that a name below ``records/`` or ``large/`` belongs to."""
    reference, _, token = name.rpartition("/")
    try:
        return (ObjectRef.parse(reference), token) if _TOKEN.fullmatch(token) else None
    except ValueError:
        return None


def encode(request: PutRequest, digest: Digest, moment: datetime) -> str:
    """The record of a put, in ASCII."""
    line = record_line(
        request.ref, request.size, digest, as_text(moment), request.metadata
    ).decode()
    return _ESCAPED.sub(_escape, line)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def fits(line: str) -> bool:
    """Whether a record may travel in a header."""
    return len(line) <= MOST_RECORD


def write_beside(service: Service, ref: ObjectRef, token: str, line: str) -> None:
    """Store a record as an object of its own; nothing names it yet.

    Raises:
        OfferError: it could not be stored.
    """
    body = line.encode()
    # With a digest in any case: a bucket with object lock takes nothing without.
    md5 = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    headers = {"content-md5": md5, "content-type": "application/json"}
    place = beside(service, RECORDS, ref, token)
    service.ask("PUT", place, headers=headers, body=body, doing="put its record", ref=ref)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the headers of an object say was kept with it."""

    ref: ObjectRef
    line: str
    """The record, empty when there is none in the headers."""
    beside: str
    """Token of the record beside, or empty."""
    aside: str
    """Token of the bytes aside, or empty."""

    @classmethod
    def of(cls, ref: ObjectRef, headers: Mapping[str, str]) -> Kept:
        """Read the headers of an answer."""
        return cls(ref, headers.get(RECORD, ""), _token(headers, BESIDE), _token(headers, ASIDE))

    def record(self, service: Service) -> ObjectRecord | None:
        """The record, read from beside when it is there; ``None`` of an object that is not ours.

        Raises:
            ObjectCorruptError: it is damaged, missing, or another object's.
            OfferError: it could not be read.
        """
        line = self.line
        if not line and self.beside:
            line = self._from_beside(service)
        if not line:
            return None
        try:
            found = decode_record(line.encode())
        except ValueError as error:
            raise ObjectCorruptError(f"its record cannot be read: {error}", ref=self.ref) from error
        if found.ref != self.ref:
            raise ObjectCorruptError(f"its record is that of {found.ref}", ref=self.ref)
        return found

    def _from_beside(self, service: Service) -> str:
        place = beside(service, RECORDS, self.ref, self.beside)
        try:
            answer = service.ask("GET", place, doing="get its record", ref=self.ref)
        except ObjectNotFoundError as error:
            raise MissingBesideError("its record is missing", ref=self.ref) from error
        return answer.body.decode("ascii", "replace")


class MissingBesideError(ObjectCorruptError):
    """What an object names is not there: the object was replaced meanwhile, or has lost it."""

    code = "object-incomplete"


def _token(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    return value if _TOKEN.fullmatch(value) else ""


def moment_of(headers: Mapping[str, str]) -> datetime | None:
    """When the service finished storing it."""
    try:
        return parsedate_to_datetime(headers.get("last-modified", "")).astimezone(UTC)
    except ValueError:
        return None


def parsed_moment(text: str) -> datetime | None:
    """A date as S3 writes it in documents and headers of locks, in UTC."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
