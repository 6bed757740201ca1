"""Sweep: leftovers of writers that died are removed, work in progress never is.

A living writer holds a lock on its part; the kernel releases it when the writer dies, however
it dies. So a part whose lock can be taken belongs to nobody.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from enum import Enum, auto

from coffre.contract import SweepRequest, SweepResult
from coffre.drivers.filesystem.errors import translating
from coffre.drivers.filesystem.flushing import close
from coffre.drivers.filesystem.root import Root
from coffre.tree import PARTS

_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class _Found(Enum):
    REMOVED = auto()
    KEPT = auto()
    GONE = auto()


def sweep(root: Root, request: SweepRequest) -> SweepResult:
    """Remove leftovers; see ``SupportsSweep``."""
    removed = kept = freed = 0
    with translating():
        root.require()
        for name in _parts(root):
            found, size = _sweep_one(root, f"{PARTS}/{name}", request.older_than)
            removed += found is _Found.REMOVED
            kept += found is _Found.KEPT
            freed += size if found is _Found.REMOVED else 0
    return SweepResult(removed=removed, kept=kept, freed=freed)


def _parts(root: Root) -> list[str]:
    try:
        descriptor = os.open(PARTS, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root.fd)
    except FileNotFoundError:
        return []
    try:
        return [name for name in os.listdir(descriptor) if name.endswith(".part")]
    finally:
        close(descriptor)


def _sweep_one(root: Root, path: str, older_than: float) -> tuple[_Found, int]:
    try:
        descriptor = os.open(path, _OPEN, dir_fd=root.fd)
    except FileNotFoundError:
        return _Found.GONE, 0
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(descriptor)
        # The machine's own clock, as the file system's times are.
        if time.time() - found.st_mtime < older_than:
            return _Found.KEPT, 0
        # Under the lock: a writer that opened it and waits will find no name, and begin again.
        os.unlink(path, dir_fd=root.fd)
        # An object that also had this name keeps its bytes: they are not given back.
        return _Found.REMOVED, 0 if found.st_nlink > 1 else found.st_blocks * 512
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return _Found.KEPT, 0
        if error.errno == errno.ENOENT:
            return _Found.GONE, 0
        raise
    finally:
        close(descriptor)
