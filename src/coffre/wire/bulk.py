"""Many objects in one body: their names first, then each with its length, then an end mark.

::

    entry  = size (8 bytes, big-endian, signed)  content (size bytes)
    stream = entry of names (a JSON array)  entry of each object  end (-1 as a size)

Nothing is kept but the names and one chunk, at either end, whatever the objects weigh.

Source: offer protocol, 6.3.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from coffre.contract import (
    Buffer,
    ByteStream,
    Content,
    Digest,
    DigestAlgorithm,
    SizeMismatchError,
)
from coffre.streams import BoundedStream, ReadableStream
from coffre.wire.documents import read_json, texts_in, write_json
from coffre.wire.errors import BodyError, BodyLengthError
from coffre.wire.exactness import ExactStream

PREFIX = 8
"""Bytes of a size."""
END = b"\xff" * PREFIX
"""The size -1, where another object could begin."""
MAX_NAMES = 16 * 1024 * 1024
"""Longest entry of names that is read, in bytes: it is the one that is kept in memory."""
PIECE = 64 * 1024
"""Bytes that are gathered before they are handed on; larger pieces pass uncopied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItem:
    """One object to send."""

    identifier: str
    size: int
    """Length of the content, in bytes."""
    content: Content


class BulkBody:
    """Many objects as one content: it can be opened, and so sent, again."""

    def __init__(self, items: Sequence[BulkItem], algorithm: DigestAlgorithm) -> None:
        """Put objects side by side; none is opened yet.

        Args:
            items: the objects, in order.
            algorithm: of the digests that are computed while they pass.
        """
        self._items = tuple(items)
        self._algorithm = algorithm
        self._names = write_json([item.identifier for item in items])

    @property
    def size(self) -> int:
        """Length of the whole, in bytes: what ``Vitam-Content-Length`` announces."""
        contents = sum(PREFIX + item.size for item in self._items)
        return PREFIX + len(self._names) + contents + len(END)

    def open(self) -> BulkStream:
        """A fresh stream over all of them."""
        return BulkStream(self._items, self._algorithm, self._names)


class BulkStream(ReadableStream):
    """The body as it is sent; digests are known of the objects that have passed."""

    def __init__(self, items: Sequence[BulkItem], algorithm: DigestAlgorithm, names: bytes) -> None:
        """Begin before the first byte; made by :meth:`BulkBody.open`."""
        self.digests: list[Digest] = []
        """Of the objects that have passed whole, in order, from the very bytes that passed."""
        self._algorithm = algorithm
        self._all = _gather(self._pieces(items, names))

    def chunks(self) -> Iterator[Buffer]:
        """The bytes.

        Raises:
            SizeMismatchError: an object has more or fewer bytes than it was to have; the body
                ends there, and cannot be taken for a whole one.
            SourceError: an object cannot be read.
        """
        return self._all

    def close(self) -> None:
        """Close the object that is being read."""
        self._all.close()

    def _pieces(self, items: Sequence[BulkItem], names: bytes) -> Generator[Buffer, None, None]:
        yield _prefix(len(names)) + names
        for item in items:
            yield _prefix(item.size)
            yield from self._content(item)
        yield END

    def _content(self, item: BulkItem) -> Iterator[Buffer]:
        def wrong(sentence: str) -> SizeMismatchError:
            return SizeMismatchError(f"{item.identifier}: {sentence}")

        with BoundedStream(item.content.open(), item.size, wrong) as stream:
            if stream.attests(self._algorithm):
                yield from stream.chunks()
                self.digests.append(stream.attested(self._algorithm))
                return
            hasher = self._algorithm.new()
            for chunk in stream.chunks():
                hasher.update(chunk)
                yield chunk
            self.digests.append(Digest(self._algorithm, hasher.digest()))


def _prefix(size: int) -> bytes:
    return size.to_bytes(PREFIX, "big", signed=True)


def _gather(pieces: Generator[Buffer, None, None]) -> Generator[Buffer, None, None]:
    """Put small pieces together: a body of small objects is not sent eight bytes at a time."""
    pending = bytearray()
    with closing(pieces):
        for piece in pieces:
            large = len(piece) >= PIECE
            if not large:
                pending += piece
            if pending and (large or len(pending) >= PIECE):
                yield bytes(pending)
                pending.clear()
            if large:
                yield piece
    if pending:
        yield bytes(pending)


class BulkReader:
    """The body as it is received: its names at once, then one object after the other."""

    def __init__(self, stream: ByteStream, length: int, *, most_names: int = MAX_NAMES) -> None:
        """Read the names.

        Args:
            stream: the body; closed by whoever opened it.
            length: bytes that were announced for the whole.
            most_names: bytes that the entry of names may have.

        Raises:
            BodyLengthError: the body is shorter or longer than announced, as far as can be told.
            BodyError: no names, or more than are read.
        """
        self._body = _Intake(stream, length)
        size = self._body.size()
        if not 0 <= size <= most_names:
            raise BodyError(f"the names of a bulk body have from 0 to {most_names} bytes")
        self._body.check_room(size)
        self.identifiers = texts_in(read_json(self._body.exactly(size)), "the names")
        """What the objects are called, in order; neither checked nor told apart."""

    def __iter__(self) -> Iterator[BulkPart]:
        """The objects, in the order of their names, one at a time.

        What is left unread of one is thrown away when the next is asked for. Only when this ends
        without an error was the body whole; objects given before an error were whole themselves.

        Raises:
            BodyError: an object less or more than there are names, a size below zero, or bytes
                after the end mark.
            BodyLengthError: the body ends too early, or not where it was to.
        """
        for identifier in self.identifiers:
            size = self._body.size()
            if size < 0:
                raise BodyError(f"an object of size {size} is announced")
            self._body.check_room(size)
            part = BulkPart(self._body, identifier, size)
            yield part
            part.drain()
        self._check_end()

    def _check_end(self) -> None:
        if self._body.size() != -1:
            raise BodyError("the body has more objects than names")
        if self._body.some(1):
            raise BodyError("the body goes on after its end mark")


class BulkPart(ReadableStream):
    """One object of a body, which gives exactly its bytes or raises."""

    def __init__(self, body: _Intake, identifier: str, size: int) -> None:
        """Begin at the object's first byte; made by :class:`BulkReader`."""
        self.identifier = identifier
        self.size = size
        """Length, in bytes."""
        self._body = body
        self._missing = size

    def chunks(self) -> Iterator[Buffer]:
        """The bytes.

        Raises:
            BodyLengthError: the body ends within the object, or is longer than announced.
        """
        while self._missing:
            chunk = self._body.some(self._missing)
            if not chunk:
                raise BodyLengthError(f"the body ends within the object {self.identifier!a}")
            self._missing -= len(chunk)
            yield chunk

    def drain(self) -> None:
        """Throw away what nobody read."""
        for _ in self.chunks():
            pass


class _Intake:
    """The bytes of a body, taken in the portions that its entries ask for."""

    def __init__(self, stream: ByteStream, length: int) -> None:
        self._chunks = ExactStream(stream, length).chunks()
        self._left = length
        self._current = memoryview(b"")

    def some(self, at_most: int) -> memoryview:
        """Some bytes, none at the end of the body only."""
        if not self._current:
            self._current = memoryview(next(self._chunks, b""))
        taken = self._current[:at_most]
        self._current = self._current[at_most:]
        self._left -= len(taken)
        return taken

    def exactly(self, count: int) -> bytes:
        taken = bytearray()
        while len(taken) < count:
            some = self.some(count - len(taken))
            if not some:
                raise BodyLengthError("the body ends within an entry")
            taken += some
        return bytes(taken)

    def size(self) -> int:
        return int.from_bytes(self.exactly(PREFIX), "big", signed=True)

    def check_room(self, size: int) -> None:
        """Refuse an entry that cannot be there: said before it is stored, not in the middle."""
        if size > self._left - len(END):
            raise BodyLengthError("an entry is longer than the rest of the body")
