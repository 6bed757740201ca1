"""Clocks that are told to move: tests neither wait nor guess."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from coffre.contract import SystemClock

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


class SkippingClock(SystemClock):
    """The machine's own clock, which a test can make skip ahead."""

    def __init__(self) -> None:
        """Nothing is skipped yet."""
        self._skipped = 0.0

    def now(self) -> datetime:
        """The machine's time, and what was skipped."""
        return super().now() + timedelta(seconds=self._skipped)

    def monotonic(self) -> float:
        """Seconds of the machine's clock, and those that were skipped."""
        return super().monotonic() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let that much time have passed."""
        self._skipped += seconds
