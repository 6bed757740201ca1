"""A clock that stands still until it is told to move: tests neither wait nor guess."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2030, 1, 1, tzinfo=UTC)
"""Where a fake clock begins unless told otherwise."""


class FakeClock:
    """A :class:`~coffre.contract.Clock` whose ``sleep`` returns at once and moves time on.

    Safe to share between threads.
    """

    def __init__(self, start: datetime = START) -> None:
        """Begin at a moment, in UTC."""
        self._lock = threading.Lock()
        self._start = start
        self._elapsed = 0.0
        self.slept: list[float] = []
        """Every wait asked for, in seconds, in order."""

    def now(self) -> datetime:
        """The start, and what was slept or advanced since."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds slept or advanced since the start."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Note the wait, and move on by as much."""
        with self._lock:
            self.slept.append(seconds)
            self._elapsed += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass, with nobody having asked for it."""
        with self._lock:
            self._elapsed += seconds

    def __repr__(self) -> str:
        """Where the clock stands."""
        return f"FakeClock({self.now().isoformat()})"
