"""Get and stat: an object on disk is opened, one on tape says what has to be done first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from coffre.contract import (
    NO_METADATA,
    Buffer,
    Digest,
    DigestAlgorithm,
    Evidence,
    GetRequest,
    GetResult,
    InvalidRangeError,
    NotReadyError,
    ObjectCorruptError,
    ObjectRef,
    StatRequest,
    StatResult,
)
from coffre.drivers.cold.errors import translating
from coffre.drivers.cold.held import Held, held
from coffre.drivers.cold.library import Library, tape_name
from coffre.streams import CHUNK, ReadableStream
from coffre.tree import ObjectRecord, decode_record

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


def get(library: Library, request: GetRequest) -> GetResult:
    """Open one object; see ``Connection.get``."""
    ref = request.ref
    with translating(ref):
        while True:
            found = held(library, ref)
            found.refuse_damage()
            length = _length_wanted(request, found.size)
            if found.token is None:
                raise _not_ready(library, found)
            descriptor = open_cached(library, found)
            if descriptor is not None:
                break
            _refuse_lost(library, found)
    record = record_of(found)
    return GetResult(
        stream=ObjectStream(descriptor, request.offset, length, ref),
        size=found.size,
        metadata=NO_METADATA if record is None else record.metadata,
        recorded=found.digest,
    )


def open_cached(library: Library, found: Held) -> int | None:
    """Open an object's bytes on disk; ``None`` when they are not there (any more)."""
    if found.token is not None:
        with suppress(FileNotFoundError):
            return os.open(library.cached(found.token), _READ)
    return None


def _refuse_lost(library: Library, found: Held) -> None:
    """Tell a file that was just moved away from one that is gone though its row names it."""
    if held(library, found.ref).token == found.token:
        library.require()
        raise ObjectCorruptError(f"{found.ref}: its file is gone from the disk", ref=found.ref)


def _length_wanted(request: GetRequest, size: int) -> int:
    length = size - request.offset if request.length is None else request.length
    if length < 0 or request.offset + length > size:
        raise InvalidRangeError(
            f"bytes {request.offset} to {request.offset + max(length, 0)} lie outside the "
            f"{size} bytes of {request.ref}",
            ref=request.ref,
        )
    return length


def _not_ready(library: Library, found: Held) -> NotReadyError:
    tape = tape_name(found.tape or 0)
    asked = library.catalogue.one("SELECT drive FROM recalls WHERE object = ?", found.id)
    if asked is None:
        step = "ask for access, wait until the request is ready, then read it"
    elif asked[0] is None:
        step = "it is asked for and waits for a drive; come back later"
    else:
        step = f"drive {asked[0]} is fetching it; come back later"
    return NotReadyError(f"{found.ref} is on tape {tape} only: {step}", ref=found.ref)


def record_of(found: Held) -> ObjectRecord | None:
    """The record of an object; ``None`` when it was written by a newer coffre."""
    with suppress(ValueError):
        return decode_record(found.record)
    return None


def stat(library: Library, request: StatRequest) -> StatResult:
    """Ask about one object; see ``Connection.stat``. No tape is mounted for it."""
    with translating(request.ref):
        found = held(library, request.ref)
    record = record_of(found)
    return StatResult(
        size=found.size,
        evidence=Evidence.PRESENT,
        recorded=found.digest,
        recorded_size=found.size,
        metadata=NO_METADATA if record is None else record.metadata,
        stored_at=None if record is None else record.stored_at,
        ready=found.readable,
    )


def digest_file(
    descriptor: int, size: int, algorithm: DigestAlgorithm, position: int = 0
) -> Digest:
    """Digest so many bytes of an open file, fewer when it ends before."""
    hasher = algorithm.new()
    for data in read_file(descriptor, size, position):
        hasher.update(data)
    return Digest(algorithm, hasher.digest())


def read_file(descriptor: int, size: int, position: int = 0) -> Iterator[bytes]:
    """Read so many bytes of an open file, in pieces; fewer when it ends before."""
    end = position + size
    while position < end and (data := os.pread(descriptor, min(CHUNK, end - position), position)):
        yield data
        position += len(data)


class ObjectStream(ReadableStream):
    """Bytes of an open object: exactly those asked for, or an error; a cut is never an end.

    The object may be deleted, or leave the disk, meanwhile: the open file stays what it was.
    """

    def __init__(self, descriptor: int, offset: int, length: int, ref: ObjectRef) -> None:
        """Take over an open descriptor; it is closed with the stream."""
        self._descriptor = descriptor
        self._offset = offset
        self._length = length
        self._ref = ref

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, in pieces of one chunk.

        Raises:
            ObjectCorruptError: the file ends before its size.
        """
        missing = self._length
        with translating(self._ref):
            for data in read_file(self._descriptor, self._length, self._offset):
                missing -= len(data)
                yield data
        if missing:
            raise ObjectCorruptError(
                f"{self._ref} ends {missing} bytes before its size", ref=self._ref
            )

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
