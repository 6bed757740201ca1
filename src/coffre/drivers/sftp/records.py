"""Records: what travels with each object, in a file beside it.

SFTP knows no extended attributes, so a record is a file under ``.coffre/records``, where the
filesystem driver looks too; one that this driver has kept as an attribute is not seen from here,
and its object is an object without a record. A record is only ever there while it describes the
object that is there: it is written after the object appears, and removed before the object is
replaced, moved or deleted.
"""

from __future__ import annotations

from contextlib import closing, suppress

from coffre.contract import ObjectCorruptError, ObjectRef
from coffre.drivers.sftp.errors import intruder
from coffre.drivers.sftp.exchange import Answer, LineLostError, StatusError
from coffre.drivers.sftp.flushing import NamesToFlush
from coffre.drivers.sftp.packets import FOR_READING
from coffre.drivers.sftp.parts import Part
from coffre.drivers.sftp.publishing import InPlace
from coffre.drivers.sftp.remote import Remote, is_file
from coffre.drivers.sftp.root import Root
from coffre.tree import ObjectRecord, Place, decode_record, record_place

LONGEST = 256 * 1024
"""Bytes read of a record at most: four times what the longest metadata can become."""
_PIECE = 32 * 1024
"""Bytes read of it at a time."""


class RecordSought:
    """A record that is looked for beside other things, without a round trip of its own."""

    __slots__ = ("_first", "_handle", "_looked", "_name", "_opened", "_path", "_remote")

    def __init__(self, root: Root, place: Place) -> None:
        """Ask for it."""
        self._remote = root.remote
        self._name = place.name
        self._path = record_place(place).path
        self._looked = root.remote.lstat(self._path)
        self._opened: Answer[bytes] | None = root.remote.open(self._path, FOR_READING)
        self._handle: bytes | None = None
        self._first: Answer[memoryview] | None = None

    def read(self) -> None:
        """Ask for its first bytes, which most often are all."""
        found = self._looked.if_there()
        if found is not None and not is_file(found):
            raise stuck(self._remote, None)
        opened, self._opened = self._opened, None
        self._handle = None if opened is None else opened.if_there()
        if self._handle is not None:
            self._first = self._remote.read(self._handle, 0, _PIECE)

    def record(self) -> ObjectRecord | None:
        """The record; ``None`` without one, or with one that cannot be read.

        An object must stay readable when its record is not: whoever holds the catalogue knows
        the digest that is missing here, and an audit reports that it is.
        """
        if self._handle is None or self._first is None:
            return None
        data = self._rest(self._handle, bytes(self._first.get()))
        with suppress(ValueError):
            record = decode_record(data)
            # Of another object: someone copied the file under another name.
            if record.ref.identifier == self._name:
                return record
        return None

    def close(self) -> None:
        """Let its file go, if it was opened. Never raises."""
        opened, self._opened = self._opened, None
        with suppress(StatusError, LineLostError):
            handle = self._handle or (None if opened is None else opened.if_there())
            if handle is not None:
                self._remote.close(handle)
        self._handle = None

    def _rest(self, handle: bytes, data: bytes) -> bytes:
        """What follows, of a record that ends in no line break."""
        while not data.endswith(b"\n") and len(data) < LONGEST:
            more = self._remote.read(handle, len(data), _PIECE).get()
            if not more:
                break
            data += more
        return data


def stuck(remote: Remote, ref: ObjectRef | None) -> ObjectCorruptError:
    """Something else than a file was opened: a pipe hangs the server, so its session is ended."""
    remote.exchange.close()
    return intruder(ref)


def read_record(root: Root, place: Place) -> ObjectRecord | None:
    """The record of an object, looked for by itself."""
    with closing(RecordSought(root, place)) as sought:
        sought.read()
        return sought.record()


def write_record(root: Root, place: Place, record: bytes) -> bool:
    """Keep a record from its first byte on; whether it survives a power cut is returned."""
    part = Part(root)
    names = NamesToFlush(root, (record_place(place).folder,))
    try:
        part.write(record + b"\n")
        names.open()
        part.written()
        InPlace(root, part, record_place(place)).done()
        return names.flush(part.handle)
    finally:
        part.discard()


def remove_record(root: Root, place: Place) -> None:
    """Forget the record of an object, durably."""
    beside = record_place(place)
    if root.remote.lstat(beside.path).if_there() is not None:
        root.remote.remove(beside.path).if_there()
        root.flush_names(beside.folder)
