"""Get and stat: an object opened for reading, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from coffre.contract import (
    NO_METADATA,
    Buffer,
    ConnectionLostError,
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
    refuse_unsupported,
)
from coffre.drivers.fsspec.errors import translating
from coffre.drivers.fsspec.filesystems import OpenFile
from coffre.drivers.fsspec.root import Root
from coffre.streams import CHUNK, ReadableStream
from coffre.tree import ObjectRecord, Place, decode_record, place_of, record_place

_LONGEST_RECORD = 256 * 1024
"""Bytes read of a record at most: four times what the longest metadata can become."""


def get(root: Root, request: GetRequest) -> GetResult:
    """Open one object; see ``Connection.get``."""
    ref = request.ref
    place = place_of(ref)
    size = size_of(root, place, ref)
    length = _length_wanted(request, size)
    with translating(ref):
        record = read_record(root, place) if request.describe else None
        try:
            stream = ObjectStream(root, place.path, request.offset, length, ref)
        except FileNotFoundError:  # deleted since its size was asked
            root.require(ref)
            raise _not_held(ref) from None
    return GetResult(
        stream=stream,
        size=size,
        metadata=NO_METADATA if record is None else record.metadata,
        recorded=None if record is None else record.digest,
    )


def stat(root: Root, request: StatRequest) -> StatResult:
    """Ask about one object; see ``Connection.stat``."""
    refuse_unsupported(request, frozenset())
    place = place_of(request.ref)
    size = size_of(root, place, request.ref)
    with translating(request.ref):
        record = read_record(root, place)
    return StatResult(
        size=size,
        evidence=Evidence.PRESENT,
        recorded=None if record is None else record.digest,
        recorded_size=None if record is None else record.size,
        metadata=NO_METADATA if record is None else record.metadata,
        stored_at=None if record is None else record.stored_at,
    )


def size_of(root: Root, place: Place, ref: ObjectRef) -> int:
    """Length of an object.

    Raises:
        ObjectNotFoundError: it is not there, and the offer is.
        ObjectCorruptError: something else than a file stands in its place.
        OfferUnavailableError: the offer is not there.
    """
    with translating(ref):
        try:
            size = root.size(place.path)
        except FileNotFoundError:
            root.require(ref)
            raise _not_held(ref) from None
    if size < 0:
        raise ObjectCorruptError(
            "a directory stands where the object should be; look at it and move it away", ref=ref
        )
    return size


def _not_held(ref: ObjectRef) -> ObjectNotFoundError:
    return ObjectNotFoundError(f"{ref} is not held here", ref=ref)


def read_record(root: Root, place: Place) -> ObjectRecord | None:
    """The record of an object; ``None`` without one, or with one that cannot be read."""
    try:
        data = root.read(record_place(place).path, _LONGEST_RECORD)
    except (FileNotFoundError, IsADirectoryError):
        return None
    with suppress(ValueError):
        record = decode_record(data)
        if record.ref.identifier == place.name:
            return record
    return None


def digest_of(
    root: Root, path: str, size: int, algorithm: DigestAlgorithm, ref: ObjectRef
) -> Digest:
    """Read a file from its first byte to its last, and digest it."""
    hasher = algorithm.new()
    with ObjectStream(root, path, 0, size, ref) as stream:
        for chunk in stream.chunks():
            hasher.update(chunk)
    return Digest(algorithm, hasher.digest())


def _length_wanted(request: GetRequest, size: int) -> int:
    length = size - request.offset if request.length is None else request.length
    if length < 0 or request.offset + length > size:
        raise InvalidRangeError(
            f"bytes {request.offset} to {request.offset + max(length, 0)} lie outside the "
            f"{size} bytes of {request.ref}",
            ref=request.ref,
        )
    return length


class ObjectStream(ReadableStream):
    """Bytes of a file: exactly those asked for, or an error; a cut is never an end."""

    def __init__(self, root: Root, path: str, offset: int, length: int, ref: ObjectRef) -> None:
        """Open a file; an empty range opens nothing.

        Args:
            root: the offer; kept, since the file needs its session.
            path: the file.
            offset: first byte wanted.
            length: bytes it must give.
            ref: the object, for errors.
        """
        self._root = root
        self._path = path
        self._ref = ref
        self._missing = length
        self._file: OpenFile | None = None
        if length:
            self._file = root.open(path)
            if offset:
                self._file.seek(offset)

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, as the file system gives them."""
        while self._missing:
            if self._file is None:
                raise ConnectionLostError("the stream is closed", effect_unknown=False)
            with translating(self._ref):
                data = self._piece(self._file)
            if not data:
                raise ConnectionLostError(
                    f"{self._ref} ends {self._missing} bytes before its size",
                    ref=self._ref,
                    effect_unknown=False,
                )
            self._missing -= len(data)
            if self._missing < 0:
                raise ConnectionLostError("more bytes came than were asked for", ref=self._ref)
            yield data

    def _piece(self, file: OpenFile) -> Buffer:
        """The next bytes. Some services refuse in the same words to give what is not there."""
        try:
            return file.read(min(CHUNK, self._missing))
        except Exception as error:
            if self._root.is_gone(self._path):
                raise _not_held(self._ref) from error
            raise

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(Exception):
                file.close()
