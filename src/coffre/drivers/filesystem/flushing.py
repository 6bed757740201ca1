"""Flushing: how bytes and names are made to survive a power cut.

A flush that failed is never tried again: the kernel marks the pages clean all the same, and
the second call would say yes to bytes that are lost.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from contextlib import suppress

from coffre.contract import Buffer
from coffre.tree import part_path


def write_all(descriptor: int, data: Buffer) -> None:
    """Write a buffer to its end: the system may take less than it is given."""
    written = os.write(descriptor, data)
    if written == len(data):
        return
    rest = memoryview(data)[written:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def fsync_path(path: str, root: int | None = None) -> None:
    """Flush a directory: the names in it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_small(root: int, path: str, data: bytes, *, flush: bool) -> None:
    """Make a small service file appear whole; one that is there already stays as it is.

    Args:
        root: open directory that ``path`` is relative to.
        path: where the file must appear.
        data: its bytes.
        flush: have it survive a power cut.
    """
    aside = part_path(uuid.uuid4().hex)
    descriptor = os.open(
        aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=root
    )
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # a sweep leaves it alone
            write_all(descriptor, data)
            if flush:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with suppress(FileExistsError):
            os.link(aside, path, src_dir_fd=root, dst_dir_fd=root)
    finally:
        os.unlink(aside, dir_fd=root)
    if flush:
        fsync_path(os.path.dirname(path) or ".", root)
