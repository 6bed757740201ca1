"""Passing through a large file once, without leaving it in memory.

A file read from its first byte to its last, once, gains nothing from the page cache, and takes
the place of what others have there. So its pages are let go of a little behind the reader,
unless they were there before: the cache is left as it was found. Reading ahead stays the
system's work. Figures: docs/explanation/performance.md.
"""

from __future__ import annotations

import os
from contextlib import suppress

from coffre.streams.filling import LARGE

STEP = 8 * 1024 * 1024
"""Bytes after which what was read is let go of."""
_ADVISES = hasattr(os, "posix_fadvise") and hasattr(os, "RWF_NOWAIT")


class Passage:
    """One pass over an open file; tell it how far the reader has come. Errors cost nothing.

    Only advice is given to the system: what is read is the same with it and without it.
    """

    __slots__ = ("_descriptor", "_let_go", "_next")

    def __init__(self, descriptor: int, start: int, length: int) -> None:
        """Begin.

        Args:
            descriptor: open for reading; stays the caller's.
            start: first byte that will be read.
            length: bytes that will be read, at most.
        """
        self._descriptor = descriptor
        self._let_go = start
        self._next: float = float("inf")
        if length < LARGE or not _ADVISES:
            return
        _advise(descriptor, start, length, os.POSIX_FADV_SEQUENTIAL)
        if not _is_cached(descriptor, start):
            self._next = start + STEP

    def reached(self, position: int) -> None:
        """Everything before this byte was read."""
        if position >= self._next:
            # Whole steps: a page let go of in part would be read twice.
            length = (position - self._let_go) // STEP * STEP
            _advise(self._descriptor, self._let_go, length, os.POSIX_FADV_DONTNEED)
            self._let_go += length
            self._next = self._let_go + STEP


def _advise(descriptor: int, start: int, length: int, advice: int) -> None:
    with suppress(OSError):  # a file system that takes no advice
        os.posix_fadvise(descriptor, start, length, advice)


def _is_cached(descriptor: int, position: int) -> bool:
    """Whether a byte is in memory already; yes, where the system cannot tell."""
    try:
        return os.preadv(descriptor, [bytearray(1)], position, os.RWF_NOWAIT) == 1
    except BlockingIOError:
        return False
    except OSError:
        return True
