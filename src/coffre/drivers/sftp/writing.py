"""Put: written aside, checked, flushed, then made to appear in one step.

1. The content goes to a *part*, which nobody looks at, and is digested on its way.
2. Size and digest are held against what was announced; bytes are flushed to the device.
3. The object appears under its name, by a step that fails where the name exists; its record
   follows; names are flushed. Only then is the put acknowledged.

A failure before the third step leaves nothing. One after it leaves a whole object that was not
acknowledged: putting it again finds it, flushes it and says so. A small object takes five round
trips, however many requests they carry.
"""

from __future__ import annotations

from dataclasses import dataclass

from coffre.contract import (
    SYSTEM_CLOCK,
    Buffer,
    Evidence,
    ForbiddenError,
    ObjectConflictError,
    ObjectRef,
    OfferFailedError,
    OfferFullError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.errors import intruder, translating
from coffre.drivers.sftp.exchange import StatusError
from coffre.drivers.sftp.flushing import NamesToFlush
from coffre.drivers.sftp.packets import FOR_READING, Attributes
from coffre.drivers.sftp.parts import Part
from coffre.drivers.sftp.publishing import appear, replace, require_careful
from coffre.drivers.sftp.reading import digest_of
from coffre.drivers.sftp.records import place_record, read_record, remove_record, write_record
from coffre.drivers.sftp.remote import SPACE, is_file
from coffre.drivers.sftp.root import Root
from coffre.streams import Copied, check_received, copy_digesting
from coffre.tree import Place, place_of, record_line, record_place

SMALL = 1024 * 1024
"""Bytes up to which the record's file is opened together with the object's."""
_TOO_LITTLE = 1024 * 1024
"""Bytes free on a file system that refused to take more: it is full."""


@dataclass(slots=True)
class Staged:
    """One object written aside, that nobody sees yet."""

    request: PutRequest
    place: Place
    part: Part
    copied: Copied
    record: bytes
    names: NamesToFlush


def put(root: Root, request: PutRequest) -> PutResult:
    """Store one object; see ``Connection.put``."""
    ref = request.ref
    place = place_of(ref)
    part, record = Part(root), Part(root) if request.size <= SMALL else None
    try:
        with translating(root.exchange, ref):
            require_careful(root)
            there = root.look(place, ref)  # and the parts, in the same round trip
            part.begun()
            if there is None:
                root.make_folder(place.folder)
        copied = _receive(root, part, request)
        with translating(root.exchange, ref):
            if record is None:
                record = Part(root)
            line = record_line(
                ref, copied.size, copied.digest, as_text(SYSTEM_CLOCK.now()), request.metadata
            )
            names = NamesToFlush(root, (place.folder, record_place(place).folder))
            staged = Staged(request, place, part, copied, line, names)
            _settle(root, staged, record, fresh=there is None)
            return _publish(root, staged, record)
    finally:
        part.discard()
        if record is not None:
            record.discard()
        root.exchange.flush_quietly()


# --- 1. aside -------------------------------------------------------------------------------------


def _receive(root: Root, part: Part, request: PutRequest) -> Copied:
    """Pull the content into the part; its own errors pass through unchanged."""

    def write(data: Buffer) -> None:
        with translating(root.exchange, request.ref):
            try:
                part.write(data)
            except StatusError as error:
                raise _why(root, error, request.ref) from error

    with request.content.open() as stream:
        copied = copy_digesting(stream, write, request.algorithm, at_most=request.size)
    check_received(request, copied)
    return copied


def _why(root: Root, error: StatusError, ref: ObjectRef) -> Exception:
    """Why bytes were not taken: *failure* is also what a full disk is called."""
    if error.status == packets.FAILURE and root.remote.has(SPACE):
        room = root.remote.room().get()
        if room.available < _TOO_LITTLE:
            return OfferFullError(f"no room left on the server ({error.message})", ref=ref)
        if room.read_only:
            return ForbiddenError("the server's file system is read-only", ref=ref)
    return error


# --- 2. settled -----------------------------------------------------------------------------------


def _settle(root: Root, staged: Staged, record: Part, *, fresh: bool) -> None:
    """Have the bytes of the object on the device, and those of its record on the server.

    Args:
        root: the offer.
        staged: the object.
        record: a part for its record.
        fresh: nothing was in its place: then no record may be there either, but a stale one.
    """
    remote, part = root.remote, staged.part
    handle = part.begun()
    flushed = remote.flush(handle) if root.flushes else None
    sized = remote.fstat(handle)
    stale = remote.remove(record_place(staged.place).path) if fresh else None
    record.write(staged.record + b"\n")
    staged.names.open()
    try:
        part.written()
        if flushed is not None:
            flushed.get()
        size = sized.get().size
        record.written()
    except StatusError as error:
        raise _why(root, error, staged.request.ref) from error
    _check_size(staged, size, "takes")
    if stale is not None:
        stale.if_there()


def _check_size(staged: Staged, size: int | None, verb: str) -> None:
    if size is not None and size != staged.copied.size:
        raise OfferFailedError(
            f"the server {verb} {size} bytes for the {staged.copied.size} sent",
            ref=staged.request.ref,
        )


# --- 3. published ---------------------------------------------------------------------------------


def _publish(root: Root, staged: Staged, record: Part) -> PutResult:
    try:
        _appear(root, staged)
    except StatusError as error:
        found = root.look(staged.place, staged.request.ref)
        if found is None:
            raise _why(root, error, staged.request.ref) from error
        if _same_bytes(root, staged, found):
            return _found_there(root, staged)
        if not staged.request.replace:
            raise ObjectConflictError(
                f"{staged.request.ref} holds other bytes already; they stay as they are",
                ref=staged.request.ref,
            ) from None
        remove_record(root, staged.place)
        replace(root, staged.part, staged.place)
    return _published(root, staged, record)


def _appear(root: Root, staged: Staged) -> None:
    try:
        appear(root, staged.part, staged.place)
    except StatusError as error:
        if error.status not in (packets.NO_SUCH_FILE, packets.NO_SUCH_PATH):
            raise
        # Its folder is gone: somebody tidied up empty ones.
        root.require(staged.request.ref)
        root.forget_folder(staged.place.folder)
        root.make_folder(staged.place.folder)
        appear(root, staged.part, staged.place)


def _published(root: Root, staged: Staged, record: Part) -> PutResult:
    """Visible: its record, its size as others see it, and its name made durable."""
    with root.exchange.doubting():
        staged.part.drop_name()
        looked = root.remote.lstat(staged.place.path)
        place_record(root, record, staged.place)
        _check_size(staged, looked.get().size, "shows")
        staged.part.close()
        durable = staged.names.flush(record.handle)
        record.close()
    return PutResult(
        size=staged.copied.size,
        digest=staged.copied.digest,
        evidence=Evidence.PRESENT,
        durable=durable,
    )


def _same_bytes(root: Root, staged: Staged, found: Attributes) -> bool:
    """Compare what is there with what was received: by its bytes, read again now."""
    if not is_file(found):
        raise intruder(staged.request.ref)
    if found.size != staged.copied.size:
        return False
    algorithm = staged.request.algorithm
    digest = digest_of(root, staged.request.ref, algorithm)
    return digest.matches(staged.copied.digest)


def _found_there(root: Root, staged: Staged) -> PutResult:
    """The same bytes are there: make them durable, and give them a record if they have none.

    Their first writer may have died before either.
    """
    place = staged.place
    durable = False
    if root.flushes:
        handle = root.remote.open(place.path, FOR_READING).get()
        root.remote.flush(handle).get()
        root.remote.close(handle)
        durable = root.flush_names(place.folder)
    if read_record(root, place) is None:
        durable = write_record(root, place, staged.record) and durable
    return PutResult(
        size=staged.copied.size,
        digest=staged.copied.digest,
        evidence=Evidence.READ,
        already_there=True,
        durable=durable,
    )
