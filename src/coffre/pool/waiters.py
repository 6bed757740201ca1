"""A waiter of the thread face: it sleeps on a lock of its own, and nobody spins."""

from __future__ import annotations

import threading

from coffre.pool.entries import Holder, Waiter
from coffre.pool.settings import Lane

LONGEST_SLEEP = min(threading.TIMEOUT_MAX, 3600.0)
"""Seconds; longer waits are made of several."""


class ThreadWaiter(Waiter):
    """One thread in the queue."""

    __slots__ = ("_bell",)

    def __init__(self, since: float, deadline: float, lane: Lane, holder: Holder | None) -> None:
        """Ready to sleep."""
        super().__init__(since, deadline, lane, holder)
        self._bell = threading.Lock()
        self._bell.acquire()

    def wake(self) -> None:
        """Ring; ringing twice is harmless."""
        try:  # noqa: SIM105 - `suppress` takes longer than the rest
            self._bell.release()
        except RuntimeError:  # it rings already
            pass

    def sleep(self, now: float) -> None:
        """Wait to be woken, no longer than to the deadline or to the alarm."""
        until = self.deadline if self.alarm is None else min(self.deadline, self.alarm)
        seconds = until - now
        if seconds > 0:
            self._bell.acquire(timeout=min(seconds, LONGEST_SLEEP))
