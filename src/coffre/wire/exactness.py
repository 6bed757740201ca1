"""Exact sizes: a body has the length that was announced, or it fails before its last byte.

Source: offer protocol, 6.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import Buffer, ByteStream
from coffre.streams import ReadableStream, chunks_of
from coffre.wire.errors import BodyLengthError


class ExactStream(ReadableStream):
    """A stream that must give exactly the bytes announced.

    The end is looked for before the last bytes are handed on: whoever publishes what it has as
    soon as its last byte is there, never has the beginning of something longer.
    """

    def __init__(self, stream: ByteStream, size: int) -> None:
        """Watch a stream.

        Args:
            stream: the body as it comes in; closed with this one.
            size: bytes that were announced.

        Raises:
            BodyLengthError: a size below zero.
        """
        if size < 0:
            raise BodyLengthError("a body has no negative size")
        self._stream = stream
        self._size = size

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, counted.

        Raises:
            BodyLengthError: too few or too many.
        """
        source = chunks_of(self._stream)
        missing = self._size
        while missing:
            chunk = next(source, b"")
            if not chunk or len(chunk) > missing:
                raise self._wrong(bool(chunk))
            missing -= len(chunk)
            if missing:
                yield chunk
        # The last chunk is only lent, and asking for the next one takes it back.
        last = bytes(chunk) if self._size else b""
        if next(source, b""):
            raise self._wrong(True)
        if last:
            yield last

    def _wrong(self, too_long: bool) -> BodyLengthError:
        what = "more" if too_long else "fewer"
        return BodyLengthError(f"{what} than the announced {self._size} bytes arrived")

    def close(self) -> None:
        """Close the stream underneath."""
        self._stream.close()
