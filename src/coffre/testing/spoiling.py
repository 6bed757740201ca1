"""Streams and contents that give other bytes than they should: what faults are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from coffre.contract import Buffer, ByteStream, Digest, OfferError, PutRequest
from coffre.streams import Copied, ReadableStream, check_received, chunks_of, copy_digesting

Alteration = Callable[[Iterator[Buffer]], Iterator[Buffer]]
"""From the chunks as they are to the chunks as they are given."""


def flip(position: int) -> Alteration:
    """Turn the lowest bit of one byte."""

    def altered(chunks: Iterator[Buffer]) -> Iterator[Buffer]:
        start = 0
        for chunk in chunks:
            data = chunk
            if start <= position < start + len(chunk):
                data = bytearray(chunk)
                data[position - start] ^= 1
            start += len(chunk)
            yield data

    return altered


def cut(keep: int) -> Alteration:
    """End early, without an error; what remains is read all the same."""

    def altered(chunks: Iterator[Buffer]) -> Iterator[Buffer]:
        left = keep
        for chunk in chunks:
            if left:
                yield chunk[:left]
            left -= min(left, len(chunk))

    return altered


def break_off(after: int, error: Callable[[], OfferError]) -> Alteration:
    """Give so many bytes, then raise."""

    def altered(chunks: Iterator[Buffer]) -> Iterator[Buffer]:
        left = after
        for chunk in chunks:
            if left < len(chunk):
                if left:
                    yield chunk[:left]
                raise error()
            left -= len(chunk)
            yield chunk
        raise error()

    return altered


class AlteredStream(ReadableStream):
    """A stream seen through an alteration. It attests nothing: its bytes are not the true ones."""

    def __init__(self, stream: ByteStream, alter: Alteration) -> None:
        """Wrap a stream; it is closed with this one."""
        super().__init__()
        self._stream = stream
        self._alter = alter

    def chunks(self) -> Iterator[Buffer]:
        """The altered bytes."""
        return self._alter(chunks_of(self._stream))

    def close(self) -> None:
        """Close the stream underneath."""
        self._stream.close()


class AlteredContent:
    """The content of a put seen through an alteration, by an offer that will deny it.

    The true bytes are digested as they pass, and held against what the request announced, so
    that a source which is wrong by itself is refused as it would have been.
    """

    def __init__(self, request: PutRequest, alter: Alteration) -> None:
        """Wrap the content of a request."""
        self._request = request
        self._alter = alter
        self._truth: Digest | None = None

    @property
    def truth(self) -> Digest:
        """Digest of the true bytes; they are read again if nobody has read them to the end."""
        if self._truth is None:
            with self._request.content.open() as stream:
                return copy_digesting(stream, lambda _: None, self._request.algorithm).digest
        return self._truth

    def open(self) -> ByteStream:
        """A fresh stream, altered."""
        return AlteredStream(
            self._request.content.open(), lambda chunks: self._alter(self._watched(chunks))
        )

    def _watched(self, chunks: Iterator[Buffer]) -> Iterator[Buffer]:
        hasher = self._request.algorithm.new()
        size = 0
        for chunk in chunks:
            hasher.update(chunk)
            size += len(chunk)
            yield chunk
        truth = Digest(self._request.algorithm, hasher.digest())
        check_received(self._request, Copied(size, truth))
        self._truth = truth
