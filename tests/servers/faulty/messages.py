"""HTTP/1.1 as far as a proxy must know it: heads, and where bodies end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

PIECE = 64 * 1024
"""Bytes that are read at once."""


class BrokenError(Exception):
    """The exchange ends here, by order or because a peer went away."""


@dataclass(frozen=True)
class Head:
    """Start line and headers of a message."""

    raw: bytes
    """As they came, the empty line included."""
    start: str
    headers: Mapping[str, str]
    """Names in small letters."""

    @property
    def status(self) -> int:
        """Status, of an answer."""
        return int(self.start.split(" ", 2)[1])

    @property
    def closes(self) -> bool:
        """Whether whoever sent it says that it closes the connection."""
        return "close" in self.headers.get("connection", "").lower()

    @property
    def expects(self) -> bool:
        """Whether a client waits for ``100 Continue`` before it sends the body."""
        return self.headers.get("expect", "").lower() == "100-continue"

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def framed(self) -> bool:
        """Whether the head tells where the body ends."""
        return self.chunked or "content-length" in self.headers


@dataclass(frozen=True)
class Piece:
    """Some bytes of a body, or of what frames it."""

    data: bytes
    payload: bool = True


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Read up to the empty line; ``IncompleteReadError`` when the peer closes before it."""
    raw = await reader.readuntil(b"\r\n\r\n")
    start, *lines = raw[:-4].decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    return Head(raw, start, {name.strip().lower(): value.strip() for name, value in pairs})


async def pieces_of(
    reader: asyncio.StreamReader, head: Head, *, to_the_end: bool = False
) -> AsyncIterator[Piece]:
    """Bytes of a body as they come.

    Args:
        reader: where the head was read.
        head: of the message.
        to_the_end: whether a body without framing goes on until the connection is closed.
    """
    if head.chunked:
        async for piece in _chunks(reader):
            yield piece
    elif "content-length" in head.headers:
        async for piece in _exactly(reader, int(head.headers["content-length"])):
            yield piece
    elif to_the_end:
        while data := await reader.read(PIECE):
            yield Piece(data)


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[Piece]:
    while size:
        data = await reader.read(min(size, PIECE))
        if not data:
            raise BrokenError("closed in the middle of a body")
        size -= len(data)
        yield Piece(data)


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[Piece]:
    while size := int((line := await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield Piece(line, payload=False)
        async for piece in _exactly(reader, size):
            yield piece
        yield Piece(await reader.readexactly(2), payload=False)
    yield Piece(line, payload=False)
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":  # trailers
        yield Piece(line, payload=False)
    yield Piece(line, payload=False)
