"""The inbox: what the server sent, kept in the pieces in which it came until it is taken.

It stands in for paramiko's own buffer, which copies each byte three times and wakes its reader for
every packet. The reader says how many bytes it cannot do without, and sleeps until they are there.
"""

from __future__ import annotations

import threading


class Inbox:
    """Bytes from one thread, the transport's, to another. The names are those paramiko calls."""

    def __init__(self) -> None:
        """Empty."""
        self._changed = threading.Condition(threading.Lock())  # guards everything below
        self._pieces: list[bytes] = []
        self._size = 0
        self._least = 1
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Some bytes came."""
        with self._changed:
            self._pieces.append(data)
            self._size += len(data)
            if self._size >= self._least:
                self._changed.notify()

    def expect(self, least: int) -> None:
        """The next read is of no use with fewer bytes than this."""
        with self._changed:
            self._least = least

    def read(self, most: int, timeout: float | None = None) -> bytes:
        """All that is there, once it is enough; ``b""`` when no more will come.

        Args:
            most: ignored: what is not taken now would only have to be taken later.
            timeout: seconds without a single byte after which it is given up.

        Raises:
            TimeoutError: nothing came for so long.
        """
        with self._changed:
            while self._size < self._least and not self._closed:
                before = self._size
                if not self._changed.wait(timeout) and self._size == before:
                    raise TimeoutError
            pieces, self._pieces, self._size = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_ready(self) -> bool:
        """Whether something is there."""
        return self._size > 0

    def empty(self) -> bytes:
        """Whatever is there."""
        with self._changed:
            pieces, self._pieces, self._size = self._pieces, [], 0
        return b"".join(pieces)

    def close(self) -> None:
        """No more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify()
