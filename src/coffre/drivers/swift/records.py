"""Records: what travels with an object, in the headers of its metadata.

A record is the line of JSON of the layout of trees, written in printable ASCII without a space,
cut into as many values as it needs: ``X-Object-Meta-Coffre-Record-00`` and on. One that is longer
than the cluster takes lies beside, where the segments are, and the headers say so.

``X-Object-Meta-Coffre-Put`` names the put that made the object; what it stored beside is found,
and removed, by that name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from coffre.contract import ObjectRef
from coffre.drivers.swift.answers import from_swift
from coffre.drivers.swift.limits import Limits
from coffre.drivers.swift.names import Names
from coffre.drivers.swift.service import Service, answered
from coffre.tree import ObjectRecord, decode_record

PUT = "X-Object-Meta-Coffre-Put"
"""Header that names the put."""
BESIDE = "X-Object-Meta-Coffre-Record-Beside"
"""Header of an object whose record lies beside; its value is the record's length in bytes."""
PIECE = "X-Object-Meta-Coffre-Record-"
"""With which the headers of a record in pieces begin; two digits follow."""
RECORD = "record"
"""Last part of the name of a record that lies beside."""

_OTHERS = 300
"""Bytes of metadata left for the headers that are no pieces."""
_NAME = len("Coffre-Record-00")


def in_headers(line: bytes, limits: Limits) -> dict[str, str] | None:
    """A record as headers; ``None`` when it does not fit into what the cluster takes.

    Args:
        line: one line of JSON, in UTF-8.
        limits: of the cluster.
    """
    text = _printable(line)
    size = min(limits.meta_value, 4096)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    together = len(text) + _NAME * len(pieces)
    if together > limits.meta_bytes - _OTHERS or len(pieces) > min(limits.meta_count - 2, 99):
        return None
    return {f"{PIECE}{number:02}": piece for number, piece in enumerate(pieces)}


def _printable(line: bytes) -> str:
    """The same JSON in printable ASCII; a space at the edge of a header would be lost."""
    text = line.decode()
    if not text.isascii():
        text = json.dumps(json.loads(text), separators=(",", ":"))
    return text.replace(" ", "\\u0020").replace("\x7f", "\\u007f")


def put_in(headers: Mapping[str, str]) -> str | None:
    """The put that made an object, ``None`` when it was not made by this driver."""
    return headers.get(PUT)


def lies_beside(headers: Mapping[str, str]) -> bool:
    """Whether an object has anything beside it: segments, or a record."""
    return BESIDE in headers or "X-Static-Large-Object" in headers


def record_of(
    service: Service, names: Names, ref: ObjectRef, headers: Mapping[str, str]
) -> ObjectRecord | None:
    """The record of an object, from the headers of an answer about it.

    ``None`` when it has none that can be read: nothing is guessed.

    Raises:
        OfferUnavailableError: it lies beside, and the service cannot be asked.
    """
    line = (
        _line_in(headers) if BESIDE not in headers else _line_beside(service, names, ref, headers)
    )
    try:
        return None if line is None else decode_record(line)
    except ValueError:
        return None


def _line_in(headers: Mapping[str, str]) -> bytes | None:
    pieces: list[str] = []
    while (piece := headers.get(f"{PIECE}{len(pieces):02}")) is not None:
        pieces.append(piece)
    return "".join(pieces).encode("latin-1", "replace") or None


def _line_beside(
    service: Service, names: Names, ref: ObjectRef, headers: Mapping[str, str]
) -> bytes | None:
    answer = service.ask("GET", names.beside(ref, headers.get(PUT, ""), RECORD).path)
    if answer.status == 404 and from_swift(answer.headers):
        return None
    return answered(answer, ref, safe=True).body


def modified(headers: Mapping[str, str]) -> datetime | None:
    """When the service stored what an answer is about, UTC."""
    try:
        return datetime.fromtimestamp(float(headers["X-Timestamp"]), UTC)
    except (KeyError, ValueError, OverflowError):
        return None
