"""Flushing: how bytes and names are made to survive a power cut.

A flush that failed is never tried again: the kernel marks the pages clean all the same, and
the second call would say yes to bytes that are lost.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import uuid
from contextlib import suppress
from functools import cache

from coffre.streams import write_all
from coffre.tree import part_path


def close(descriptor: int) -> None:
    """Close a file; an error now says nothing that a flush has not said before.

    What was not flushed is either given up, or was not meant to last.
    """
    try:  # noqa: SIM105 - suppress() takes twice as long, and this ends every operation
        os.close(descriptor)
    except OSError:
        pass


def write_back(descriptor: int) -> None:
    """Have all bytes of a file on the device, in its cache at least; not the size, nor the name.

    Raises:
        OSError: a byte could not be written, now or earlier.
    """
    _check(_libc().sync_file_range(descriptor, 0, 0, _WAIT_WRITE_WAIT))


def start_write_back(descriptor: int) -> None:
    """Begin what :func:`write_back` finishes; several files then share the device's time."""
    _check(_libc().sync_file_range(descriptor, 0, 0, _WRITE))


def sync_file_system(descriptor: int) -> None:
    """Flush everything on the file system that an open file or directory is on."""
    _check(_libc().syncfs(descriptor))


_WRITE = 2
_WAIT_WRITE_WAIT = 1 | _WRITE | 4


def _check(answer: int) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@cache
def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    offset = ctypes.c_longlong
    library.sync_file_range.argtypes = (ctypes.c_int, offset, offset, ctypes.c_uint)
    library.syncfs.argtypes = (ctypes.c_int,)
    return library


@cache
def syncfs_tells_errors() -> bool:
    """Whether ``syncfs`` reports bytes that could not be written: since Linux 5.8."""
    numbers = re.findall(r"\d+", os.uname().release)[:2]
    return [int(number) for number in numbers] >= [5, 8]


def fsync_path(path: str, root: int | None = None) -> None:
    """Flush a directory: the names in it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
    try:
        os.fsync(descriptor)
    finally:
        close(descriptor)


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
            close(descriptor)
        with suppress(FileExistsError):
            os.link(aside, path, src_dir_fd=root, dst_dir_fd=root)
    finally:
        os.unlink(aside, dir_fd=root)
    if flush:
        fsync_path(os.path.dirname(path) or ".", root)
