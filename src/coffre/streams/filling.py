"""Filling a file: every byte written, and no gigabyte of dirty pages left for the last flush.

A large file bypasses the page cache (``O_DIRECT``) as long as it comes in whole, aligned
pieces; otherwise its pages are written back every 32 MiB while the rest arrives. Either way
the last flush has next to nothing to do. Figures: docs/explanation/performance.md.
"""

from __future__ import annotations

import errno
import fcntl
import os

from coffre.contract import Buffer

LARGE = 8 * 1024 * 1024
"""Bytes from which a file is worth the trouble."""
BLOCK = 4096
"""Pieces and their addresses must be multiples of this to bypass the page cache."""
WINDOW = 32 * 1024 * 1024
"""Bytes after which what was written is sent to the device."""


class Filling:
    """The writing of one file, from its first byte to its last; errors are the system's own."""

    __slots__ = ("_behind", "_fd", "_flags", "_sent", "_step")

    def __init__(self, fd: int, size: int) -> None:
        """Begin.

        Args:
            fd: open at its first byte.
            size: bytes expected.
        """
        self._fd = fd
        self._sent = 0
        self._behind = 0
        self._step = self._write_small if size < LARGE else self._begin_large

    def write(self, data: Buffer) -> None:
        """Take all of a buffer, which is only lent.

        Raises:
            OSError: the file system failed; the file is to be given up.
        """
        self._step(data)

    def finish(self) -> None:
        """Let whoever reads or writes the file next do it the ordinary way."""
        if self._step == self._write_direct:
            self._leave_direct()

    def _write_small(self, data: Buffer) -> None:
        write_all(self._fd, data)

    def _begin_large(self, data: Buffer) -> None:
        # Whoever filled it before may have given up while the cache was bypassed.
        self._flags = fcntl.fcntl(self._fd, fcntl.F_GETFL) & ~os.O_DIRECT
        direct = self._set_direct(True)
        self._step = self._write_direct if direct else self._write_behind
        self._step(data)

    def _write_direct(self, data: Buffer) -> None:
        if len(data) % BLOCK == 0:
            try:
                written = os.write(self._fd, data)
            except OSError as error:
                # The buffer is not aligned, or the file system wants larger blocks.
                if error.errno != errno.EINVAL:
                    raise
                written = 0
            if written == len(data):
                return
            data = memoryview(data)[written:]
        # The last piece, or a short write: what follows is written the ordinary way.
        self._leave_direct()
        self._write_behind(data)

    def _leave_direct(self) -> None:
        self._set_direct(False)
        self._step = self._write_behind

    def _set_direct(self, on: bool) -> bool:
        try:
            fcntl.fcntl(self._fd, fcntl.F_SETFL, self._flags | (os.O_DIRECT if on else 0))
        except OSError as error:
            if on and error.errno == errno.EINVAL:  # the file system does not do it
                return False
            raise
        return True

    def _write_behind(self, data: Buffer) -> None:
        write_all(self._fd, data)
        self._sent += len(data)
        if self._sent - self._behind >= WINDOW:
            # Starts writing the dirty pages back, and lets go of those that are clean.
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)
            self._behind = self._sent


def write_all(descriptor: int, data: Buffer) -> None:
    """Write a buffer to its end: the system may take less than it is given."""
    written = os.write(descriptor, data)
    if written == len(data):
        return
    rest = memoryview(data)[written:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]
