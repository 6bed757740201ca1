"""Records: what travels with each object, as an attribute of its file or in a file beside it.

A record in a file of its own is only ever there while it describes the object that is there:
it is written after the object appears, and removed before the object is replaced, moved or
deleted. A cut between the two steps leaves an object without a record, which readers accept,
never an object with another one's.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from coffre.contract import OfferFailedError
from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.parts import named_part
from coffre.drivers.filesystem.root import Root
from coffre.drivers.filesystem.settings import Records
from coffre.streams import write_all
from coffre.tree import RECORD_ATTRIBUTE, ObjectRecord, Place, decode_record, record_place

_LONGEST = 256 * 1024
"""Bytes read of a record at most: four times what the longest metadata can become."""
_NO_ATTRIBUTES = {errno.EOPNOTSUPP, errno.ENOTSUP}
# ext4 gives ENOSPC for an attribute that does not fit in its block, full disk or not.
_TOO_LONG = {errno.ENOSPC, errno.E2BIG, errno.ERANGE}


def attach(root: Root, descriptor: int, record: bytes) -> bool:
    """Keep the record with the open file.

    Returns:
        False when it must go to a file of its own, with :func:`write_sidecar`.

    Raises:
        OfferFailedError: the offer was configured for attributes only, and there are none.
    """
    wanted = root.settings.records
    if wanted is Records.SIDECAR:
        return False
    try:
        os.setxattr(descriptor, RECORD_ATTRIBUTE, record)
    except OSError as error:
        if wanted is Records.AUTO and error.errno in _NO_ATTRIBUTES | _TOO_LONG:
            return False
        if error.errno in _NO_ATTRIBUTES:
            raise OfferFailedError(
                "the file system keeps no attributes: set records = auto, or sidecar"
            ) from error
        raise
    return True


def write_sidecar(root: Root, place: Place, record: bytes, *, flush: bool) -> None:
    """Keep the record of an object in a file of its own, in place of any that is there.

    Args:
        root: the offer.
        place: where the object is.
        record: one line.
        flush: flush bytes and name here; unset when the caller flushes everything later.
    """
    beside = record_place(place)
    part = named_part(root)
    try:
        write_all(part.fd, record + b"\n")
        if flush and root.settings.flush:
            os.fsync(part.fd)
        try:
            part.swap(beside)
        except FileNotFoundError:
            root.make_folder(beside.folder, flush=flush)
            part.swap(beside)
    finally:
        part.close()
    if flush:
        root.flush_names(beside.folder)


def remove_sidecar(root: Root, place: Place) -> None:
    """Forget the record kept in a file of its own, durably; most objects have none."""
    beside = record_place(place)
    try:
        os.unlink(beside.path, dir_fd=root.fd)
    except FileNotFoundError:
        return
    root.flush_names(beside.folder)


def read_record(root: Root, place: Place, descriptor: int) -> ObjectRecord | None:
    """The record of an open object; ``None`` without one, or with one that cannot be read.

    An object must stay readable when its record is not: whoever holds the catalogue knows the
    digest that is missing here, and an audit reports that it is.
    """
    data = _attribute(descriptor)
    if data is None:
        data = _sidecar(root, place)
    if data is None:
        return None
    with suppress(ValueError):
        record = decode_record(data)
        # Of another object: someone copied the file, attributes and all, under another name.
        if record.ref.identifier == place.name:
            return record
    return None


def _attribute(descriptor: int) -> bytes | None:
    try:
        return os.getxattr(descriptor, RECORD_ATTRIBUTE)
    except OSError as error:
        if error.errno in _NO_ATTRIBUTES | {errno.ENODATA}:
            return None
        raise


def _sidecar(root: Root, place: Place) -> bytes | None:
    try:
        descriptor = os.open(
            record_place(place).path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=root.fd
        )
    except FileNotFoundError:
        return None
    try:
        return os.read(descriptor, _LONGEST)
    finally:
        close(descriptor)
