"""Opening an object that is there: what it must be, and what its absence means."""

from __future__ import annotations

import errno
import os
import stat

from coffre.contract import (
    Digest,
    DigestAlgorithm,
    ObjectCorruptError,
    ObjectNotFoundError,
    ObjectRef,
)
from coffre.drivers.filesystem.errors import intruder
from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.root import Root
from coffre.streams import CHUNK, Passage
from coffre.tree import Place

# O_NONBLOCK: a fifo in an object's place must not hang the open.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def open_object(root: Root, place: Place, ref: ObjectRef) -> tuple[int, os.stat_result]:
    """Open the bytes of an object for reading.

    Returns:
        A descriptor of a regular file, to be closed by the caller, and what the file system
        says of it.

    Raises:
        ObjectNotFoundError: the root was seen, and the object is not in it.
        OfferUnavailableError: it is not there, and neither is the root.
        ObjectCorruptError: something else than a file stands in its place.
        OSError: as the system says.
    """
    try:
        root.walk(place.folder)
        descriptor = os.open(place.path, _READ, dir_fd=root.fd)
    except FileNotFoundError:
        root.require(ref)
        raise ObjectNotFoundError(f"{ref} is not held here", ref=ref) from None
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):  # a socket, a device without a driver
            raise intruder(ref) from error
        raise
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        close(descriptor)
        raise intruder(ref)
    return descriptor, found


def digest_of(descriptor: int, size: int, algorithm: DigestAlgorithm) -> Digest:
    """Digest a whole open object, from its first byte, whatever was read of it before.

    Raises:
        ObjectCorruptError: it became shorter than ``size`` meanwhile.
    """
    hasher = algorithm.new()
    buffer = memoryview(bytearray(min(CHUNK, size)))
    passage = Passage(descriptor, 0, size)
    offset = 0
    while offset < size:
        count = os.preadv(descriptor, [buffer], offset)
        if not count:
            raise ObjectCorruptError(f"the object ends after {offset} of its {size} bytes")
        hasher.update(buffer[:count])
        offset += count
        passage.reached(offset)
    return Digest(algorithm, hasher.digest())
