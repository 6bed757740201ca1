"""Get and stat: an object opened for reading, and what is known of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from coffre.contract import (
    NO_METADATA,
    Buffer,
    Evidence,
    GetRequest,
    GetResult,
    InvalidRangeError,
    ObjectCorruptError,
    ObjectRef,
    StatRequest,
    StatResult,
)
from coffre.drivers.filesystem.errors import offer_error, translating
from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.opening import digest_of, open_object
from coffre.drivers.filesystem.records import read_record
from coffre.drivers.filesystem.root import Root
from coffre.streams import CHUNK, Passage, ReadableStream
from coffre.tree import place_of


def get(root: Root, request: GetRequest) -> GetResult:
    """Open one object; see ``Connection.get``."""
    ref = request.ref
    place = place_of(ref)
    with translating(ref):
        descriptor, found = open_object(root, place, ref)
        try:
            size = found.st_size
            length = _length_wanted(request, size)
            record = read_record(root, place, descriptor) if request.describe else None
        except BaseException:
            close(descriptor)
            raise
    return GetResult(
        stream=ObjectStream(descriptor, request.offset, length, ref),
        size=size,
        metadata=NO_METADATA if record is None else record.metadata,
        recorded=None if record is None else record.digest,
    )


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
    with translating(ref):
        descriptor, found = open_object(root, place, ref)
        try:
            record = read_record(root, place, descriptor)
            algorithm = request.digest
            digest = digest_of(descriptor, found.st_size, algorithm) if algorithm else None
        finally:
            close(descriptor)
    return StatResult(
        size=found.st_size,
        evidence=Evidence.REPORTED if digest else Evidence.PRESENT,
        digest=digest,
        recorded=None if record is None else record.digest,
        recorded_size=None if record is None else record.size,
        metadata=NO_METADATA if record is None else record.metadata,
        stored_at=record.stored_at if record else datetime.fromtimestamp(found.st_mtime, UTC),
    )


class ObjectStream(ReadableStream):
    """Bytes of an open object: exactly those asked for, or an error; a cut is never an end.

    The object may be replaced or deleted meanwhile: the open file stays what it was.
    """

    def __init__(self, descriptor: int, offset: int, length: int, ref: ObjectRef) -> None:
        """Take over an open descriptor; it is closed with the stream."""
        self._descriptor = descriptor
        self._position = offset
        self._missing = length
        self._ref = ref

    def chunks(self) -> Iterator[Buffer]:
        """The bytes: what fits into one chunk as it is read, more in one buffer that is lent."""
        if self._missing <= CHUNK:
            while data := self.read():
                yield data
            return
        passage = Passage(self._descriptor, self._position, self._missing)
        buffer = memoryview(bytearray(CHUNK))
        while self._missing:
            with translating(self._ref):
                count = os.preadv(
                    self._descriptor, [buffer[: min(CHUNK, self._missing)]], self._position
                )
            self._advance(count)
            passage.reached(self._position)
            yield buffer[:count]

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, all that remain when negative, ``b""`` at the end."""
        if size < 0 and self._missing > CHUNK:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        wanted = self._missing if size < 0 else min(size, self._missing)
        if not wanted:
            return b""
        try:
            data = os.pread(self._descriptor, wanted, self._position)
        except OSError as error:
            raise offer_error(error, self._ref) from error
        self._advance(len(data))
        # A file gives all that is asked for, but for a signal or a disk at its end.
        return data if size >= 0 or not self._missing else data + self.read()

    def _advance(self, count: int) -> None:
        if not count:
            raise ObjectCorruptError(
                f"{self._ref} ends {self._missing} bytes before its size", ref=self._ref
            )
        self._position += count
        self._missing -= count

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            close(descriptor)
