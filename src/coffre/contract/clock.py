"""Clocks: time is handed in, so that tests never wait and never guess.

Points in time are aware ``datetime`` values in UTC; durations are seconds, as ``float``.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a component gets its time from."""

    def now(self) -> datetime:
        """The current time, in UTC; can jump when the machine's clock is set."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on the machine's monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for that many seconds."""
        time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()
"""The clock everything uses unless told otherwise."""


def as_text(moment: datetime) -> str:
    """Write a point in time as reports, records and the ledger do: RFC 3339, UTC, microseconds."""
    # Not strftime, which takes four times as long and is in the path of every put.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"
