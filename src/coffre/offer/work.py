"""Open work: how an offer knows that it can be closed."""

from __future__ import annotations

import threading

from coffre.contract import OfferUnavailableError


class OpenWork:
    """Counts what is under way; once closed, nothing new begins. Safe between threads."""

    def __init__(self, offer: str) -> None:
        """Nothing is under way yet.

        Args:
            offer: id, for messages.
        """
        self._offer = offer
        self._lock = threading.Lock()  # guards the two below
        self._idle = threading.Condition(self._lock)  # waited for by whoever closes
        self._count = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether new work is refused."""
        return self._closed

    @property
    def count(self) -> int:
        """Operations, open streams and open listings under way now."""
        return self._count

    def begin(self) -> None:
        """Something begins; :meth:`end` must follow.

        Raises:
            OfferUnavailableError: the offer was closed.
        """
        with self._lock:
            if not self._closed:
                self._count += 1
                return
        error = OfferUnavailableError(f"offer {self._offer!r} is closed: it was removed")
        error.offer = self._offer
        raise error

    def end(self) -> None:
        """Something that began is over."""
        with self._lock:
            self._count -= 1
            if self._closed and not self._count:  # before that, nobody waits
                self._idle.notify_all()

    def close(self, timeout: float | None) -> bool:
        """Refuse new work and wait for what is under way.

        Args:
            timeout: most seconds to wait, for ever when ``None``.

        Returns:
            Whether everything is over.
        """
        with self._idle:
            self._closed = True
            return self._idle.wait_for(lambda: not self._count, timeout)

    def __enter__(self) -> None:
        """Begin."""
        self.begin()

    def __exit__(self, *exception: object) -> None:
        """End, whatever happened."""
        self.end()
