"""JSON documents: read with bounds, checked field by field, written compact.

Strict JSON only. Existing readers also take single quotes and names without quotes, which no
existing writer sends; whoever is not sure what was meant refuses. Fields that are not known are
ignored, as they are there.

Source: offer protocol, 7.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from coffre.contract import Buffer
from coffre.wire.errors import BodyError, MissingBodyError, MissingFieldError

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""Whatever JSON can say."""

MAX_DOCUMENT = 64 * 1024 * 1024
"""Longest document that is read at once, in bytes; streams are not documents."""


def write_json(value: Json) -> bytes:
    """Write a document: compact, ASCII, without line breaks."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def read_json(data: Buffer, *, limit: int = MAX_DOCUMENT) -> Json:
    """Read a document.

    Args:
        data: the whole of it, in UTF-8.
        limit: bytes it may have.

    Raises:
        MissingBodyError: there is nothing but white space.
        BodyError: too long, too deep, or not JSON.
    """
    if len(data) > limit:
        raise BodyError(f"the document has more than {limit} bytes")
    try:
        text = str(data, "utf-8")
        if not text.strip():
            raise MissingBodyError("there is no body; the operation takes a JSON document")
        value: Json = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        # Without its cause: thousands of frames tell nobody anything.
        raise BodyError("the document is nested too deep") from None
    except MissingBodyError:
        raise
    except ValueError as error:
        raise BodyError("the document is not JSON in UTF-8") from error
    return value


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def record_in(value: Json, what: str) -> Mapping[str, Json]:
    """A value that must be an object of JSON.

    Raises:
        MissingBodyError: null.
        BodyError: anything else.
    """
    if value is None:
        raise MissingBodyError(f"{what} is missing")
    if not isinstance(value, Mapping):
        raise BodyError(f"{what} is not a JSON object")
    return value


def list_in(value: Json, what: str) -> Sequence[Json]:
    """A value that must be an array of JSON.

    Raises:
        MissingBodyError: null.
        BodyError: anything else.
    """
    if value is None:
        raise MissingBodyError(f"{what} is missing")
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise BodyError(f"{what} is not a JSON array")
    return value


def text_in(record: Mapping[str, Json], name: str) -> str:
    """A field that must be text.

    Raises:
        MissingFieldError: not there, or null.
        BodyError: not text.
    """
    value = _field(record, name)
    if not isinstance(value, str):
        raise BodyError(f"{name} is not text")
    return value


def whole_in(record: Mapping[str, Json], name: str) -> int:
    """A field that must be a whole number of 64 bits.

    Raises:
        MissingFieldError: not there, or null.
        BodyError: not a whole number; a number in quotes is text.
    """
    value = _field(record, name)
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise BodyError(f"{name} is not a whole number")
    return value


def size_in(record: Mapping[str, Json], name: str) -> int:
    """A field that must be a number of bytes.

    Raises:
        MissingFieldError: not there, or null.
        BodyError: not a whole number, or below zero.
    """
    size = whole_in(record, name)
    if size < 0:
        raise BodyError(f"{name} is below zero")
    return size


def flag_in(record: Mapping[str, Json], name: str) -> bool:
    """A field that must be true or false.

    Raises:
        MissingFieldError: not there, or null.
        BodyError: anything else.
    """
    value = _field(record, name)
    if not isinstance(value, bool):
        raise BodyError(f"{name} is neither true nor false")
    return value


def _field(record: Mapping[str, Json], name: str) -> Json:
    value = record.get(name)
    if value is None:
        raise MissingFieldError(f"{name} is missing")
    return value


def texts_in(value: Json, what: str) -> tuple[str, ...]:
    """A value that must be an array of texts.

    Raises:
        MissingBodyError: null, or with a null in it.
        BodyError: anything else.
    """
    texts = list_in(value, what)
    if any(text is None for text in texts):
        raise MissingBodyError(f"{what} has a null in it")
    if not all(isinstance(text, str) for text in texts):
        raise BodyError(f"{what} is not an array of texts")
    return tuple(str(text) for text in texts)
