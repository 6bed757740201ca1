"""Get and stat: an object opened for reading, and what is known of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime

from coffre.contract import (
    NO_METADATA,
    Buffer,
    Digest,
    DigestAlgorithm,
    Evidence,
    GetRequest,
    GetResult,
    InvalidRangeError,
    ObjectCorruptError,
    ObjectNotFoundError,
    ObjectRef,
    StatRequest,
    StatResult,
)
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.errors import intruder, translating
from coffre.drivers.sftp.exchange import Answer, LineLostError, StatusError
from coffre.drivers.sftp.packets import FOR_READING, Attributes
from coffre.drivers.sftp.records import RecordSought, stuck
from coffre.drivers.sftp.remote import Remote, is_file
from coffre.drivers.sftp.root import Look, Root
from coffre.streams import ReadableStream, chunks_of
from coffre.tree import Place, place_of

AHEAD = 2 * 1024 * 1024
"""Bytes of an object that are asked for before the first of them is there."""


def get(root: Root, request: GetRequest) -> GetResult:
    """Open one object; see ``Connection.get``.

    Two round trips: what is there, opened at once; then the first bytes, and the record.
    """
    ref = request.ref
    place = place_of(ref)
    with translating(root.exchange, ref), ExitStack() as left:
        record = None
        if request.describe:
            record = left.enter_context(closing(RecordSought(root, place)))
        there, handle = _open(root, place, ref)
        sized = root.remote.fstat(handle)
        stream = ObjectStream(root.remote, handle, request.offset, ref)
        given = left.enter_context(ExitStack())
        given.callback(stream.close)
        if record is not None:
            record.read()
        # As it was just before: what that asks for too much is not taken.
        stream.expect(_length_wanted(request, there))
        size = _size(sized.get())
        stream.limit(_length_wanted(request, size))
        described = None if record is None else record.record()
        given.pop_all()
    return GetResult(
        stream=stream,
        size=size,
        metadata=NO_METADATA if described is None else described.metadata,
        recorded=None if described is None else described.digest,
    )


def _open(root: Root, place: Place, ref: ObjectRef) -> tuple[int, bytes]:
    """Open the file in an object's place; its size as seen just before, and its handle.

    Raises:
        ObjectNotFoundError: the root was seen, and nothing is there.
        ObjectCorruptError: something else than a file is.
    """
    look = Look(root, place, ref)
    opened = root.remote.open(place.path, FOR_READING)
    found = look.found()
    if found is None:
        raise absent(ref)
    if not is_file(found):
        raise stuck(root.remote, ref)
    handle = opened.if_there()
    if handle is None:  # deleted since it was looked at
        root.require(ref)
        raise absent(ref)
    return _size(found), handle


def absent(ref: ObjectRef) -> ObjectNotFoundError:
    """The root was seen, and the object is not in it."""
    return ObjectNotFoundError(f"{ref} is not held here", ref=ref)


def _size(found: Attributes) -> int:
    if found.size is None:
        raise StatusError(packets.FAILURE, "the server does not say how large a file is")
    return found.size


def _length_wanted(request: GetRequest, size: int) -> int:
    length = size - request.offset if request.length is None else request.length
    if length < 0 or request.offset + length > size:
        raise InvalidRangeError(
            f"bytes {request.offset} to {request.offset + max(length, 0)} lie outside the "
            f"{size} bytes of {request.ref}",
            ref=request.ref,
        )
    return length


def stat(root: Root, request: StatRequest) -> StatResult:
    """Ask about one object; see ``Connection.stat``."""
    ref = request.ref
    place = place_of(ref)
    with translating(root.exchange, ref):
        with closing(RecordSought(root, place)) as sought:
            found = root.look(place, ref)
            if found is None:
                raise absent(ref)
            if not is_file(found):
                raise intruder(ref)
            sought.read()
            record = sought.record()
        root.exchange.flush_quietly()
    modified = found.modified
    return StatResult(
        size=_size(found),
        evidence=Evidence.PRESENT,
        recorded=None if record is None else record.digest,
        recorded_size=None if record is None else record.size,
        metadata=NO_METADATA if record is None else record.metadata,
        stored_at=record.stored_at
        if record
        else (None if modified is None else datetime.fromtimestamp(modified, UTC)),
    )


class ObjectStream(ReadableStream):
    """Bytes of an open object: exactly those asked for, or an error; a cut is never an end.

    Requests run ahead of the reader by :data:`AHEAD` bytes, so that the line is never idle. The
    object may be replaced or deleted meanwhile: the open file stays what it was.
    """

    def __init__(self, remote: Remote, handle: bytes, offset: int, ref: ObjectRef) -> None:
        """Take over an open handle; it is closed with the stream."""
        self._remote = remote
        self._handle: bytes | None = handle
        self._reached = offset  # the first byte that was not asked for yet
        self._end = offset
        self._asked: deque[tuple[int, int, Answer[memoryview]]] = deque()
        self._ref = ref

    def expect(self, length: int) -> None:
        """Ask for the first bytes of so many, which may still turn out to be others."""
        self.limit(length)
        self._ask_ahead()

    def limit(self, length: int) -> None:
        """Say how many bytes there are, counted from where the stream began."""
        begin = self._asked[0][0] if self._asked else self._reached
        self._end = begin + length
        while self._asked and self._asked[-1][0] + self._asked[-1][1] > self._end:
            self._reached = self._asked.pop()[0]

    def _ask_ahead(self) -> None:
        if self._handle is None:
            raise LineLostError("the stream was closed")
        step = self._remote.most_read
        while self._reached < self._end and len(self._asked) * step < AHEAD:
            length = min(step, self._end - self._reached)
            answer = self._remote.read(self._handle, self._reached, length)
            self._asked.append((self._reached, length, answer))
            self._reached += length

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, in pieces as the server gives them."""
        exchange = self._remote.exchange
        while self._asked or self._reached < self._end:
            with translating(exchange, self._ref):
                data = self._take()
            yield data

    def _take(self) -> memoryview:
        self._ask_ahead()
        start, length, answer = self._asked.popleft()
        data = answer.get()
        if not data:
            raise ObjectCorruptError(
                f"{self._ref} ends {self._end - start} bytes before its size", ref=self._ref
            )
        if len(data) < length:  # a server may give less: the rest is asked for, and comes first
            self._ask_again(start + len(data), length - len(data))
        return data[:length]

    def _ask_again(self, start: int, length: int) -> None:
        if self._handle is not None:
            answer = self._remote.read(self._handle, start, length)
            self._asked.appendleft((start, length, answer))

    def close(self) -> None:
        """Close the file; what is still on its way is thrown away."""
        self._asked.clear()
        handle, self._handle = self._handle, None
        if handle is not None:
            with suppress(LineLostError):
                self._remote.close(handle)
            self._remote.exchange.flush_quietly()


def digest_of(root: Root, ref: ObjectRef, algorithm: DigestAlgorithm) -> Digest:
    """Read a whole object again, and digest it here."""
    hasher = algorithm.new()
    with get(root, GetRequest(ref=ref, describe=False)) as opened:
        for chunk in chunks_of(opened.stream):
            hasher.update(chunk)
    return Digest(algorithm, hasher.digest())
