"""Putting one object, step by step: each step asks, and takes the answers when the next begins.

A single object goes through the steps by itself; of many, all take one step together, so that a
step costs one round trip for all of them (``writing.py``).
"""

from __future__ import annotations

from coffre.contract import (
    SYSTEM_CLOCK,
    Buffer,
    Evidence,
    ForbiddenError,
    ObjectConflictError,
    ObjectNotFoundError,
    OfferFailedError,
    OfferFullError,
    PutRequest,
    PutResult,
    as_text,
)
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.errors import intruder, translating
from coffre.drivers.sftp.exchange import Answer, StatusError
from coffre.drivers.sftp.packets import FOR_READING, Attributes
from coffre.drivers.sftp.parts import Part
from coffre.drivers.sftp.publishing import InPlace, appearing, replace
from coffre.drivers.sftp.reading import digest_of
from coffre.drivers.sftp.records import read_record, remove_record, write_record
from coffre.drivers.sftp.remote import SPACE, is_file
from coffre.drivers.sftp.root import Look, Root
from coffre.streams import Copied, check_received, copy_digesting
from coffre.tree import place_of, record_line, record_place

SMALL = 1024 * 1024
"""Bytes up to which the record's file is opened together with the object's."""
_ATTEMPTS = 16
"""Times that an object may be deleted under a put of the same bytes before the put gives up."""
_TOO_LITTLE = 1024 * 1024
"""Bytes free on a file system that refused to take more: it is full."""


class Putting:
    """One object on its way. Discard it, whatever happens."""

    def __init__(self, root: Root, request: PutRequest) -> None:
        """Ask for the parts, and for what is in the object's place."""
        self.request = request
        self.ref = request.ref
        self.place = place_of(request.ref)
        self.result: PutResult | None = None
        """Set early when the same bytes were there."""
        self._root = root
        self._part = Part(root)
        self.record: Part | None = Part(root) if request.size <= SMALL else None
        """Part of the record; of a large object it is begun late, so that it is never old."""
        self._look = Look(root, self.place, request.ref)
        self._copied: Copied
        self._line = b""
        self._settling: list[Answer[bool]] = []
        self._sized: Answer[Attributes]
        self._stale: Answer[bool] | None = None
        self._fresh = False
        self._appearing: Answer[bool]
        self._moving: InPlace
        self._looked: Answer[Attributes]

    @property
    def folders(self) -> tuple[str, str]:
        """Those in which a name appears: the object's, and the record's."""
        return self.place.folder, record_place(self.place).folder

    # --- 1. aside -------------------------------------------------------------------------

    def receive(self) -> None:
        """Pull the content into the part; its own errors pass through unchanged."""
        root, request = self._root, self.request
        with translating(root.exchange, self.ref):
            self._fresh = self._look.found() is None
            self._part.begun()
            if self._fresh:
                root.make_folder(self.place.folder)
        with request.content.open() as stream:
            copied = copy_digesting(stream, self._write, request.algorithm, at_most=request.size)
        check_received(request, copied)
        self._copied = copied
        moment = as_text(SYSTEM_CLOCK.now())
        self._line = record_line(self.ref, copied.size, copied.digest, moment, request.metadata)

    def _write(self, data: Buffer) -> None:
        with translating(self._root.exchange, self.ref):
            try:
                self._part.write(data)
            except StatusError as error:
                raise self._why(error) from error

    # --- 2. settled -----------------------------------------------------------------------

    def settle(self) -> None:
        """Have the bytes on the device, and those of the record on the server."""
        remote, handle = self._root.remote, self._part.begun()
        if self._root.flushes:
            self._settling.append(remote.flush(handle))
        self._sized = remote.fstat(handle)
        if self._fresh:
            # Nothing was in its place: then no record may be there either, but a stale one.
            self._stale = remote.remove(record_place(self.place).path)
        self.record = self.record or Part(self._root)
        self.record.write(self._line + b"\n")

    def check(self) -> None:
        """See that all is as it should be before anybody sees anything."""
        try:
            self._part.written()
            for answer in self._settling:
                answer.get()
            size = self._sized.get().size
            if self.record is not None:
                self.record.written()
        except StatusError as error:
            raise self._why(error) from error
        self._check_size(size, "takes")
        if self._stale is not None:
            self._stale.if_there()

    def appear(self) -> None:
        """Have it appear, where nothing is."""
        self._appearing = appearing(self._root, self._part, self.place)

    def _check_size(self, size: int | None, verb: str) -> None:
        if size is not None and size != self._copied.size:
            raise OfferFailedError(
                f"the server {verb} {size} bytes for the {self._copied.size} sent", ref=self.ref
            )

    def _why(self, error: StatusError) -> Exception:
        """Why bytes were not taken: *failure* is also what a full disk is called."""
        remote = self._root.remote
        if error.status == packets.FAILURE and remote.has(SPACE):
            room = remote.room().get()
            if room.available < _TOO_LITTLE:
                return OfferFullError(f"no room left on the server ({error.message})", ref=self.ref)
            if room.read_only:
                return ForbiddenError("the server's file system is read-only", ref=self.ref)
        return error

    # --- 3. published ---------------------------------------------------------------------

    def record_it(self) -> None:
        """Once it is visible, have its record follow; or find out what is there instead."""
        self._take_place()
        if self.result is None and self.record is not None:
            remote = self._root.remote
            self._part.drop_name()
            self._moving = InPlace(self._root, self.record, record_place(self.place))
            self._looked = remote.lstat(self.place.path)
            self._part.close()

    def _take_place(self) -> None:
        failure: StatusError | None = None
        for _ in range(_ATTEMPTS):
            if failure is not None:
                self.appear()  # what was in its place has just been deleted
            try:
                self._appeared()
                return
            except StatusError as error:
                failure = error
            if self._met():
                return
        if failure is not None:
            raise self._why(failure) from failure

    def _appeared(self) -> None:
        try:
            self._appearing.get()
        except StatusError as error:
            if error.status not in (packets.NO_SUCH_FILE, packets.NO_SUCH_PATH):
                raise
            # Its folder is gone: somebody tidied up empty ones.
            self._root.require(self.ref)
            self._root.forget_folder(self.place.folder)
            self._root.make_folder(self.place.folder)
            appearing(self._root, self._part, self.place).get()

    def _met(self) -> bool:
        """Something is there already, or else it failed: the server does not say which.

        Returns:
            False when nothing is there, or not any more.
        """
        found = self._root.look(self.place, self.ref)
        if found is None or (same := self._is_same(found)) is None:
            return False
        if same:
            self.result = self._found_there()
            return self.result is not None
        if not self.request.replace:
            raise ObjectConflictError(
                f"{self.ref} holds other bytes already; they stay as they are", ref=self.ref
            )
        remove_record(self._root, self.place)
        replace(self._root, self._part, self.place)
        return True

    def end(self) -> None:
        """See that the record is there, and that others see the size that was sent."""
        if self.result is not None:
            return
        self._moving.done()
        seen = self._looked.if_there()
        if seen is None:
            # Deleted again by somebody else, who may have come before the record did.
            self._root.require(self.ref)
            remove_record(self._root, self.place)
            return
        self._check_size(seen.size, "shows")

    def stored(self, *, durable: bool) -> PutResult:
        """The acknowledgement, once everything is flushed that can be."""
        return self.result or PutResult(
            size=self._copied.size,
            digest=self._copied.digest,
            evidence=Evidence.PRESENT,
            durable=durable,
        )

    # --- the same bytes -------------------------------------------------------------------

    def _is_same(self, found: Attributes) -> bool | None:
        """Compare what is there with what was received: by its bytes, read again now.

        ``None`` when it was deleted meanwhile.
        """
        if not is_file(found):
            raise intruder(self.ref)
        if found.size != self._copied.size:
            return False
        try:
            digest = digest_of(self._root, self.ref, self.request.algorithm)
        except ObjectNotFoundError:
            return None
        return digest.matches(self._copied.digest)

    def _found_there(self) -> PutResult | None:
        """Make what is there durable, and give it a record if it has none.

        Its first writer may have died before either. ``None`` when it was deleted meanwhile.
        """
        root, place = self._root, self.place
        durable = False
        if root.flushes:
            handle = root.remote.open(place.path, FOR_READING).if_there()
            if handle is None:
                return None
            root.remote.flush(handle).get()
            root.remote.close(handle)
            durable = root.flush_names(place.folder)
        if read_record(root, place) is None:
            durable = write_record(root, place, self._line) and durable
        return PutResult(
            size=self._copied.size,
            digest=self._copied.digest,
            evidence=Evidence.READ,
            already_there=True,
            durable=durable,
        )

    def discard(self) -> None:
        """Let its parts go. Never raises."""
        self._part.discard()
        if self.record is not None:
            self.record.discard()
