"""What a pool tells about itself: counters, a snapshot, and events for one listener."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WAIT_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
"""Upper bounds of the buckets in which waits are counted, in seconds; one more is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolEvent:
    """Something that happened in a pool."""

    kind: str
    """``opened``, ``closed``, ``open-failed``, ``granted``, ``timed-out``, ``refused``, ``leak``,
    ``suspected``, ``breaker-open``, ``breaker-closed``."""
    pool: str
    detail: str = ""
    """Reason, error type or place; never a secret."""
    seconds: float | None = None
    """Duration it is about: a wait, an age."""


Listener = Callable[[PoolEvent], None]
"""Told of events outside every lock; what it raises is counted and otherwise ignored."""


class Counters:
    """Totals since the pool was made; written under its lock."""

    def __init__(self) -> None:
        """All zero."""
        self.opened = 0
        self.failed = 0
        """Openings that raised."""
        self.late = 0
        """Openings written off, whose connection was closed when it came."""
        self.closed: dict[str, int] = {}
        """Connections closed, by reason."""
        self.abandoned = 0
        self.timed_out = 0
        self.refused: dict[str, int] = {}
        """Callers refused, by error code."""
        self.cancelled = 0
        """Callers who left the queue, or what they were given, by an exception of their own."""
        self.leaks = 0
        self.listener_errors = 0
        self.retired_uses = 0
        """Loans of connections that are closed by now."""
        self.waits = [0] * (len(WAIT_BOUNDS) + 1)

    def count_listener_error(self) -> None:
        """The listener raised."""
        self.listener_errors += 1

    def count_wait(self, seconds: float) -> None:
        """Put a wait into its bucket."""
        self.waits[bisect_left(WAIT_BOUNDS, seconds)] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLease:
    """One connection that is lent."""

    holder: str
    """Name of the thread or task, or ``unknown``."""
    place: str
    """``file:line in function`` that borrowed it."""
    age: float
    """Seconds since it was lent or last used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSnapshot:
    """A pool at one moment. Durations are seconds."""

    name: str
    max_size: int
    held: int
    idle: int
    opening: int
    closing: int = 0
    """Not lent any more, and not closed yet; counted by ``max_size``, like the three above."""
    waiting: int
    oldest_wait: float
    """How long the one who waits longest has been waiting; 0 when nobody does."""
    generation: int
    paused: bool
    closed: bool
    breaker: str
    """``closed``, ``open`` or ``half-open``."""
    checkouts: int
    """Loans since the pool was made."""
    opened: int
    failed: int
    late: int
    abandoned: int
    timed_out: int
    cancelled: int
    leaks: int
    trips: int
    listener_errors: int
    closed_by_reason: Mapping[str, int]
    refused: Mapping[str, int]
    waits: tuple[int, ...]
    """Waits by bucket of ``WAIT_BOUNDS``; only those who had to queue are counted."""
    leases: tuple[HeldLease, ...] = field(default=())
