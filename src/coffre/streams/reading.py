"""Reading: the base of our streams, and how any stream is read in pieces.

A stream of coffre's own gives *chunks*: buffers lent until the next one is asked for, so that
a large object moves without being copied. Any other stream is read with ``read``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from coffre.contract import Buffer, ByteStream, Digest, DigestAlgorithm, SourceError

CHUNK = 1024 * 1024
"""Bytes moved at a time. Multiple of any device block, so that it can bypass the page cache."""


class ReadableStream(ABC):
    """A stream read forward once, by chunks or by ``read``, in one thread at a time."""

    # At the first byte, with nothing left over. Defaults of the class: several of these are made
    # for each object that is read, and most are read by chunks, which needs neither.
    _left: memoryview = memoryview(b"")
    _source: Iterator[Buffer] | None = None

    @abstractmethod
    def chunks(self) -> Iterator[Buffer]:
        """Give the bytes in order, none empty; each buffer is valid until the next is asked for.

        Raises:
            CoffreError: the bytes cannot be had to the end; what was given is not the object.
        """

    def attests(self, algorithm: DigestAlgorithm) -> bool:
        """Whether :meth:`attested` will know this digest once the end is reached."""
        return False

    def attested(self, algorithm: DigestAlgorithm) -> Digest:
        """Digest of all the bytes this stream gave, computed from those very bytes.

        Only to be asked once the stream has been read to its end, and if it ``attests``.
        """
        raise LookupError(f"{type(self).__name__} digests nothing")

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, all that remain when negative, ``b""`` at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        if size and not self._left:
            self._left = memoryview(self._next())
        taken = bytes(self._left[:size])
        self._left = self._left[size:]
        return taken

    def _next(self) -> Buffer:
        if self._source is None:
            self._source = self.chunks()
        try:
            return next(self._source, b"")
        except BaseException:
            # A generator that raised is at its end: read again, it would look like a good one.
            self._source = iter(_fail_again, None)
            raise

    def close(self) -> None:  # noqa: B027 - a stream that holds nothing has nothing to release
        """Release what the stream holds; closing twice is harmless."""

    def __enter__(self) -> Self:
        """Use the stream; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the stream."""
        self.close()


def _fail_again() -> Buffer:
    raise SourceError("the stream has failed before; what it gave is not the whole")


def chunks_of(stream: ByteStream, size: int = CHUNK) -> Iterator[Buffer]:
    """Read any stream to its end, in pieces of up to ``size`` bytes.

    Our own streams lend their buffers, in pieces of their own size.
    """
    if isinstance(stream, ReadableStream):
        return stream.chunks()
    return iter(lambda: stream.read(size), b"")


def read_exactly(stream: ByteStream, size: int) -> bytes:
    """Read until ``size`` bytes are there or the stream ends, however short its reads are."""
    first = stream.read(size)
    if len(first) == size:
        return first
    pieces = [first]
    missing = size - len(first)
    while missing and (piece := stream.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
