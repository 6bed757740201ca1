"""Receiving: a source read once, digested on its way, whole or segment by segment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from coffre.contract import Buffer, ByteStream, Digest, PutRequest, SizeMismatchError
from coffre.streams import BytesContent, Copied, ReadableStream, check_received, chunks_of

_NOTHING = memoryview(b"")


def md5_of(data: Buffer) -> str:
    """As an ``ETag`` has it: what Swift checks, against decay and mistakes only."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Source:
    """An open source, given piece by piece; counts and digests what it gave."""

    def __init__(self, request: PutRequest, stream: ByteStream) -> None:
        """Begin.

        Args:
            request: what is announced.
            stream: open at the first byte; stays the caller's.
        """
        self._request = request
        self._stream = stream
        self._chunks = chunks_of(stream)
        self._left = _NOTHING
        self._size = 0
        """Bytes given."""
        algorithm = request.algorithm
        self._attested = isinstance(stream, ReadableStream) and stream.attests(algorithm)
        self._hasher = None if self._attested else algorithm.new()
        self.md5 = ""
        """Of the piece that was given last, once it was given whole."""

    @property
    def begun(self) -> bool:
        """Whether anything was given yet."""
        return self._size > 0

    def piece(self, length: int) -> Iterator[Buffer]:
        """The next so many bytes; each buffer is only lent.

        Raises:
            SizeMismatchError: the source ended before.
        """
        md5 = hashlib.md5(usedforsecurity=False)
        missing = length
        while missing:
            data = self._next()[:missing]
            self._left = self._left[len(data) :]
            md5.update(data)
            if self._hasher is not None:
                self._hasher.update(data)
            self._size += len(data)
            missing -= len(data)
            if not missing:
                self.md5 = md5.hexdigest()
            yield data

    def _next(self) -> memoryview:
        if not self._left:
            chunk = next(filter(len, self._chunks), None)
            if chunk is None:
                raise SizeMismatchError(
                    f"{self._size} bytes received, {self._request.size} announced",
                    ref=self._request.ref,
                )
            self._left = memoryview(chunk).cast("B")
        return self._left

    def ended(self) -> Copied:
        """Size and digest of all that was given, once the source has said that it ends there.

        Raises:
            SizeMismatchError: it goes on.
            DigestMismatchError: it is not what was announced.
        """
        if self._left or next(filter(len, self._chunks), None) is not None:
            raise SizeMismatchError(
                f"more than the {self._request.size} bytes announced were received",
                ref=self._request.ref,
            )
        copied = Copied(self._size, self._digest())
        check_received(self._request, copied)
        return copied

    def _digest(self) -> Digest:
        algorithm = self._request.algorithm
        if self._hasher is not None:
            return Digest(algorithm, self._hasher.digest())
        assert isinstance(self._stream, ReadableStream)  # noqa: S101 - said by `attested`
        return self._stream.attested(algorithm)


def receive_whole(request: PutRequest) -> tuple[Buffer, Copied]:
    """A small object, in memory, held against what was announced.

    Whatever the content itself raises passes through unchanged.
    """
    content = request.content
    if type(content) is BytesContent:
        copied = Copied(content.size, content.digest(request.algorithm))
        check_received(request, copied)
        return content.data, copied
    with content.open() as stream:
        source = Source(request, stream)
        data = bytearray()
        for piece in source.piece(request.size):
            data += piece
        return data, source.ended()


def digest_received(request: PutRequest) -> Copied:
    """Read a source to its end for its digest alone, held against what was announced."""
    with request.content.open() as stream:
        source = Source(request, stream)
        for _ in source.piece(request.size):
            pass
        return source.ended()
