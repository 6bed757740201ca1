"""Put: written aside, checked, flushed, then made to appear in one step.

1. The content goes to a *part*, which nobody sees, and is digested on its way.
2. Size and digest are held against what was announced; the record is attached.
3. Bytes are written to the device, the object appears under its name (``link``, which fails
   where a name exists), bytes and name are flushed. Only then is the put acknowledged.

A failure before the link leaves nothing. One after it leaves a whole object that was not
acknowledged: putting it again finds it, flushes it and says so.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from coffre.contract import (
    SYSTEM_CLOCK,
    Buffer,
    Evidence,
    ObjectConflictError,
    ObjectNotFoundError,
    OfferFailedError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.filesystem.errors import offer_error, translating
from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.opening import digest_of, open_object
from coffre.drivers.filesystem.parts import Part, open_part
from coffre.drivers.filesystem.records import attach, read_record, remove_sidecar, write_sidecar
from coffre.drivers.filesystem.root import Root
from coffre.streams import (
    CHUNK,
    BytesContent,
    Copied,
    Filling,
    check_received,
    copy_digesting,
    write_all,
)
from coffre.tree import Place, place_of, record_line

_ATTEMPTS = 16
"""Times that an object may be deleted under a put of the same bytes before the put gives up."""


@dataclass(slots=True)
class Staged:
    """One object written aside and checked, that nobody sees yet."""

    request: PutRequest
    place: Place
    part: Part
    copied: Copied
    record: bytes
    attached: bool
    """Whether the record is on the file already."""


def put(root: Root, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``."""
    staged = stage(root, request, as_text(SYSTEM_CLOCK.now()))
    try:
        with translating(request.ref):
            root.settle_bytes(staged.part.fd, attached=staged.attached)
            already_there = publish(root, staged)
            root.flush_names(staged.place.folder)
            return result_of(root, staged, already_there)
    finally:
        staged.part.close()


def stage(root: Root, request: PutRequest, moment: str, *, flush: bool = True) -> Staged:
    """Write an object aside, and check it against what was announced.

    Args:
        root: the offer.
        request: the object.
        moment: the time now, as its record says it.
        flush: make new folders durable here; unset when the caller flushes everything.

    Raises:
        OfferError: it could not be written, or is not what was announced.
        Exception: whatever the content itself raised, unchanged.

    Nothing is left behind by an error.
    """
    ref = request.ref
    place = place_of(ref)
    with translating(ref):
        part = open_part(root, place.folder, flush=flush)
    try:
        copied = _receive(part, request)
        record = record_line(ref, copied.size, copied.digest, moment, request.metadata)
        with translating(ref):
            attached = attach(root, part.fd, record)
    except BaseException:
        part.close()
        raise
    return Staged(request, place, part, copied, record, attached)


def _receive(part: Part, request: PutRequest) -> Copied:
    """Pull the content into the part; its own errors pass through unchanged."""
    content = request.content
    if type(content) is BytesContent and content.size <= CHUNK:
        return _write_whole(part, request, content)
    filling = Filling(part.fd, request.size)

    def write(data: Buffer) -> None:
        try:
            filling.write(data)
        except OSError as error:
            raise offer_error(error, request.ref) from error

    with content.open() as stream:
        copied = copy_digesting(stream, write, request.algorithm, at_most=request.size)
    check_received(request, copied)
    return copied


def _write_whole(part: Part, request: PutRequest, content: BytesContent) -> Copied:
    """Bytes in memory need no stream: most objects are small, and a stream costs more than they."""
    copied = Copied(content.size, content.digest(request.algorithm))
    check_received(request, copied)
    with translating(request.ref):
        write_all(part.fd, content.data)
    return copied


def publish(root: Root, staged: Staged, *, flush: bool = True) -> bool:
    """Make a staged object appear; the caller flushes its name afterwards.

    Args:
        root: the offer.
        staged: its bytes are durable already.
        flush: flush here what has files of its own; unset when the caller flushes everything.

    Returns:
        True when the very same bytes were there before.

    Raises:
        ObjectConflictError: other bytes are there, and stay.
        OfferUnavailableError: others store and delete the same object all the time.
    """
    for _ in range(_ATTEMPTS):
        with suppress(ObjectNotFoundError):  # deleted while it was compared: the place is free
            already_there = _appear(root, staged)
            break
    else:
        raise OfferUnavailableError(
            "others store and delete this object all the time", ref=staged.request.ref
        )
    if already_there:
        return True
    if not staged.attached:
        write_sidecar(root, staged.place, staged.record, flush=flush)
    _check_published(staged)
    return False


def _appear(root: Root, staged: Staged) -> bool:
    """Link it where nothing is, or in the place of what is to be replaced.

    Returns:
        True when the very same bytes are there.

    Raises:
        ObjectConflictError: other bytes are there, and stay.
        ObjectNotFoundError: something was there, and is gone.
    """
    place = staged.place
    if not staged.attached:
        _forget_stale_record(root, place)
    try:
        staged.part.link(place)
    except FileExistsError:
        if _same_bytes(root, staged):
            return True
        if not staged.request.replace:
            raise ObjectConflictError(
                f"{staged.request.ref} holds other bytes already; they stay as they are",
                ref=staged.request.ref,
            ) from None
        remove_sidecar(root, place)
        staged.part.swap(place)
    return False


def _forget_stale_record(root: Root, place: Place) -> None:
    """Remove the record of an object that is gone, before another takes its place."""
    try:
        os.lstat(place.path, dir_fd=root.fd)
    except FileNotFoundError:
        remove_sidecar(root, place)


def _check_published(staged: Staged) -> None:
    """The size asked of the file system once the object is visible: evidence *present*."""
    size = os.fstat(staged.part.fd).st_size
    if size != staged.copied.size:
        raise OfferFailedError(
            f"the file system says {size} bytes of the {staged.copied.size} written",
            ref=staged.request.ref,
        )


def _same_bytes(root: Root, staged: Staged) -> bool:
    """Compare what is there with what was received: by its bytes, read now.

    What is the same is made durable, and given a record if it has none: its first writer may
    have died before either.
    """
    descriptor, found = open_object(root, staged.place, staged.request.ref)
    try:
        size = found.st_size
        if size != staged.copied.size:
            return False
        algorithm = staged.request.algorithm
        if not digest_of(descriptor, size, algorithm).matches(staged.copied.digest):
            return False
        unrecorded = read_record(root, staged.place, descriptor) is None
        if unrecorded and not attach(root, descriptor, staged.record):
            write_sidecar(root, staged.place, staged.record, flush=True)
        if root.settings.flush:
            os.fsync(descriptor)
        return True
    finally:
        close(descriptor)


def result_of(root: Root, staged: Staged, already_there: bool) -> PutResult:
    """The acknowledgement, once everything is flushed."""
    return PutResult(
        size=staged.copied.size,
        digest=staged.copied.digest,
        # What was there already was read and digested just now.
        evidence=Evidence.REPORTED if already_there else Evidence.PRESENT,
        already_there=already_there,
        durable=root.settings.flush,
    )
