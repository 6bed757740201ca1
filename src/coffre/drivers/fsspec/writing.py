"""Put: written aside, checked, read back, then given its name.

1. The content goes to a part in the offer's own folder, where nobody looks for objects.
2. Size and digest are held against what was announced; the part is read back and digested.
3. Nothing may stand under the name; the part is renamed, in one step, and its size is asked.
4. The record is written in the same way, once the object is there.

Two writers of one reference who come to step 3 in the same moment are not told apart by most
of these file systems: the driver does not declare that exactly one of them wins.
"""

from __future__ import annotations

import uuid
from contextlib import suppress

from fsspec.spec import AbstractBufferedFile

from coffre.contract import (
    SYSTEM_CLOCK,
    Buffer,
    Evidence,
    ObjectConflictError,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.fsspec.errors import translating
from coffre.drivers.fsspec.filesystems import OpenFile
from coffre.drivers.fsspec.reading import digest_of, read_record
from coffre.drivers.fsspec.root import Root
from coffre.streams import Copied, check_received, copy_digesting
from coffre.tree import PARTS, Place, part_path, place_of, record_line, record_place

_ATTEMPTS = 16
"""Times that an object may be deleted under a put of the same bytes before the put gives up."""


def put(root: Root, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``."""
    ref = request.ref
    place = place_of(ref)
    with translating(ref):
        root.require(ref)
        root.make_folder(PARTS)
    part = part_path(uuid.uuid4().hex)
    try:
        copied = _receive(root, part, request)
        with translating(ref):
            read = _read_back(root, part, copied, request)
            already_there = _published(root, part, place, copied, request)
    except BaseException:
        _drop(root, part)
        raise
    if already_there:
        _drop(root, part)
    return PutResult(
        size=copied.size,
        digest=copied.digest,
        evidence=Evidence.READ if read or already_there else Evidence.PRESENT,
        already_there=already_there,
        durable=False,  # nobody promises it
    )


def _receive(root: Root, part: str, request: PutRequest) -> Copied:
    """Pull the content into a part; its own errors pass through unchanged."""
    with translating(request.ref):
        file = root.create(part)

    def write(data: Buffer) -> None:
        with translating(request.ref):
            file.write(data)

    try:
        with request.content.open() as stream:
            copied = copy_digesting(stream, write, request.algorithm, at_most=request.size)
        check_received(request, copied)
        with translating(request.ref):
            file.close()
    except BaseException:
        _give_up(file)
        raise
    return copied


def _give_up(file: OpenFile) -> None:
    """Let an open file go without the bytes that it still holds."""
    if isinstance(file, AbstractBufferedFile):
        file.closed = True  # closing it would send them
        return
    with suppress(Exception):
        file.discard()  # type: ignore[attr-defined]
    with suppress(Exception):
        file.close()


def _drop(root: Root, part: str) -> None:
    """Remove a part as far as that is possible; one that stays is no object."""
    with suppress(Exception):
        root.remove(part)


def _read_back(root: Root, part: str, copied: Copied, request: PutRequest) -> bool:
    """Digest what the file system holds now, before anyone can see it.

    Raises:
        OfferFailedError: it holds other bytes than were sent.
    """
    size = root.size(part)
    if size != copied.size:
        raise OfferFailedError(
            f"the file system holds {size} bytes of the {copied.size} sent", ref=request.ref
        )
    if not root.settings.read_back:
        return False
    found = digest_of(root, part, size, request.algorithm, request.ref)
    if not found.matches(copied.digest):
        raise OfferFailedError(
            "the file system gives back other bytes than were sent; nothing was published",
            ref=request.ref,
        )
    return True


def _published(root: Root, part: str, place: Place, copied: Copied, request: PutRequest) -> bool:
    """Publish; see :func:`_publish`. What is deleted while it is compared makes room for it."""
    for _ in range(_ATTEMPTS):
        with suppress(FileNotFoundError):
            return _publish(root, part, place, copied, request)
        root.require(request.ref)
    raise OfferUnavailableError("others store and delete this object all the time", ref=request.ref)


def _publish(root: Root, part: str, place: Place, copied: Copied, request: PutRequest) -> bool:
    """Give a part its name.

    Returns:
        True when the very same bytes were there before.

    Raises:
        ObjectConflictError: other bytes are there, and stay.
    """
    # Looked for in this order: a record that was there before its object was seen to be absent
    # belongs to one that is gone, and not to one that another writer publishes just now.
    stale = _is_there(root, record_place(place).path)
    if not _is_there(root, place.path):
        if stale:
            root.remove(record_place(place).path)
        with suppress(FileExistsError):  # another came first, just now
            _publish_new(root, part, place, copied, request)
            return False
    _refuse_other_bytes(root, place, copied, request)
    if read_record(root, place) is None:
        _write_record(root, place, copied, request)
    return True


def _publish_new(root: Root, part: str, place: Place, copied: Copied, request: PutRequest) -> None:
    root.make_folder(place.folder)
    root.rename(part, place.path)
    try:
        with translating(request.ref):
            _complete(root, place, copied, request)
    except OfferUnavailableError as error:
        error.effect_unknown = True  # the object is there
        raise


def _complete(root: Root, place: Place, copied: Copied, request: PutRequest) -> None:
    size = root.size(place.path)
    if size != copied.size:
        raise OfferFailedError(
            f"the file system says {size} bytes of the {copied.size} published", ref=request.ref
        )
    _write_record(root, place, copied, request)


def _is_there(root: Root, path: str) -> bool:
    try:
        root.size(path)
    except FileNotFoundError:
        return False
    return True


def _refuse_other_bytes(root: Root, place: Place, copied: Copied, request: PutRequest) -> None:
    """Compare what is there with what was received, by its bytes, read now."""
    if root.size(place.path) == copied.size:
        found = digest_of(root, place.path, copied.size, request.algorithm, request.ref)
        if found.matches(copied.digest):
            return
    raise ObjectConflictError(
        f"{request.ref} holds other bytes already; they stay as they are", ref=request.ref
    )


def _write_record(root: Root, place: Place, copied: Copied, request: PutRequest) -> None:
    """Keep the record in a file of its own, which appears whole."""
    line = record_line(
        request.ref, copied.size, copied.digest, as_text(SYSTEM_CLOCK.now()), request.metadata
    )
    with suppress(FileExistsError):  # by another writer of the same bytes
        write_small(root, record_place(place), line + b"\n")


def write_small(root: Root, place: Place, data: bytes) -> None:
    """Write a small file where none is; it appears whole."""
    part = part_path(uuid.uuid4().hex)
    try:
        file = root.create(part)
        try:
            file.write(data)
            file.close()
        except BaseException:
            _give_up(file)
            raise
        root.make_folder(place.folder)
        root.rename(part, place.path)
    except BaseException:
        _drop(root, part)
        raise
