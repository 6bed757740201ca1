"""The protocol's words: frames, limits and versions; ``docs/reference/process-protocol.md``.

A frame is twelve bytes and a payload: type, three zero bytes, number of the request, length of
the payload; all numbers big-endian. Payloads are JSON objects, but for the bytes of objects
(``DATA``) and the number of frames granted (``CREDIT``).
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import NamedTuple

from coffre.contract import CONTRACT_VERSION, ContractVersionError, Version

PROTOCOL_VERSION = Version(1, 0)
"""What this side speaks. A minor version adds; a major one may break."""

MAX_DATA = 1024 * 1024
"""Most bytes of an object in one frame."""
MAX_MESSAGE = 256 * 1024
"""Most bytes of a JSON payload: metadata escaped in the worst way, and a page of a listing."""
MAX_CREDIT = 1024
"""Most frames that may be granted and not yet sent."""

_HEADER = struct.Struct(">BBHII")
HEADER_SIZE = _HEADER.size
_COUNT = struct.Struct(">I")


class Frame(IntEnum):
    """Types of frames; who sends them is in the reference."""

    HELLO = 1
    OPEN = 2
    READY = 3
    REQUEST = 4
    RESULT = 5
    ERROR = 6
    DATA = 7
    PAGE = 8
    END = 9
    COMMIT = 10
    CREDIT = 11
    CANCEL = 12
    WORKING = 13
    CLOSE = 14


class Header(NamedTuple):
    """The first twelve bytes of a frame, read."""

    kind: Frame
    request: int
    """Number of the request it belongs to; 0 for the session itself."""
    length: int
    """Bytes of payload."""


class WireError(Exception):
    """The session cannot go on: it broke off, fell silent, or broke the protocol.

    Never leaves this room: see :mod:`~coffre.drivers.process.errors`.
    """

    def __init__(self, reason: str, *, silent: bool = False, gone: bool = False) -> None:
        """Say why.

        Args:
            reason: a sentence for a person.
            silent: nothing came in time.
            gone: the other side has closed its end.
        """
        super().__init__(reason)
        self.reason = reason
        self.silent = silent
        self.gone = gone


def header(kind: Frame, request: int, length: int) -> bytes:
    """The first twelve bytes of a frame."""
    return _HEADER.pack(kind, 0, 0, request, length)


def message(kind: Frame, request: int, fields: object) -> bytes:
    """A whole frame of JSON."""
    try:
        payload = _ENCODER.encode(fields).encode()
    except UnicodeEncodeError:  # half a surrogate pair, in the prefix of a listing for instance
        payload = json.dumps(fields).encode()
    return header(kind, request, len(payload)) + payload


def bare(kind: Frame, request: int) -> bytes:
    """A whole frame without a payload."""
    return header(kind, request, 0)


def credit(request: int, frames: int) -> bytes:
    """A whole frame that grants so many frames more."""
    return header(Frame.CREDIT, request, _COUNT.size) + _COUNT.pack(frames)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def read_header(data: bytes | bytearray) -> Header:
    """Read twelve bytes.

    Raises:
        WireError: no frame begins so.
    """
    kind, zero, zeros, request, length = _HEADER.unpack(data)
    most = _MOST.get(kind, -1)
    if zero or zeros or most < 0:
        raise WireError(
            "what the program wrote is not a frame: does it print to its standard output?"
        )
    if length > most:
        raise WireError(f"a frame of type {kind} announces {length} bytes, at most {most} may be")
    return Header(Frame(kind), request, length)


_MOST = {kind.value: MAX_MESSAGE for kind in Frame} | {
    Frame.DATA: MAX_DATA,
    Frame.CREDIT: _COUNT.size,
    Frame.WORKING: 0,
}


def read_count(payload: bytes | bytearray) -> int:
    """Read what a ``CREDIT`` grants.

    Raises:
        WireError: not four bytes, or a number out of bounds.
    """
    if len(payload) != _COUNT.size:
        raise WireError("a grant of frames has not its four bytes")
    (count,) = _COUNT.unpack(payload)
    if not 0 < count <= MAX_CREDIT:
        raise WireError(f"a grant of {count} frames: 1 to {MAX_CREDIT} are allowed")
    return int(count)


def agree(program: str, spoken: Version) -> Version:
    """The protocol version that both sides speak.

    Args:
        program: name of the program, for the message.
        spoken: the version it says it speaks.

    Raises:
        ContractVersionError: the major version differs; the message says what to do.
    """
    if spoken.major == PROTOCOL_VERSION.major:
        return min(spoken, PROTOCOL_VERSION)
    remedy = (
        "upgrade coffre, or install an older release of the program"
        if spoken.major > PROTOCOL_VERSION.major
        else "ask its provider for a release made for the current protocol"
    )
    raise ContractVersionError(
        f"program {program!r} speaks version {spoken} of the process protocol, this coffre "
        f"speaks {PROTOCOL_VERSION}: {remedy}"
    )


OURS = {"protocol": str(PROTOCOL_VERSION), "contract": str(CONTRACT_VERSION)}
"""What this side says first."""
