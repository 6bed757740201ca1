"""What a limit is made of, how it is governed, and how it is looked at, apart from the way in."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from threading import get_ident

from coffre.contract import SYSTEM_CLOCK, Clock, InvalidRequestError
from coffre.pool import forks
from coffre.pool.base import has_global_lock
from coffre.pool.deadlock import name_of
from coffre.pool.entries import Holder, Waiter
from coffre.pool.permits import Permit, Permits
from coffre.pool.settings import Lane
from coffre.pool.waiters import ThreadWaiter

MAX_CONCURRENT = 32
"""Threads inside at once: three offers of ten connections fit. Work on storage waits for input
and output, so it is not tied to the number of processors."""
MAX_WAITING = 1000
"""Callers that may wait."""
TIMEOUT = 30.0
"""Patience of a caller, in seconds."""


class Rank(IntEnum):
    """In which order limits are taken."""

    GLOBAL = 0
    DRIVER = 1
    OFFER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LimiterSnapshot:
    """A limit at one moment."""

    name: str
    max_concurrent: int
    inside: int
    """Holders that are inside."""
    waiting: int
    oldest_wait: float
    """Seconds that the one who waits longest has been waiting."""
    holders: tuple[str, ...]
    """Their names."""
    timed_out: int
    refused: int
    paused: bool


class Limit:
    """Permits, their lock, and what finalisers leave to be done under it."""

    _serials = itertools.count(1)

    def __init__(
        self,
        max_concurrent: int = MAX_CONCURRENT,
        *,
        name: str = "limiter",
        rank: Rank = Rank.OFFER,
        timeout: float | None = TIMEOUT,
        max_waiting: int | None = MAX_WAITING,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Nobody is inside.

        Args:
            max_concurrent: holders inside at once; 0 is legal and lets nobody in.
            name: for messages and statistics.
            rank: where it stands in the order in which limits are taken.
            timeout: seconds that a caller waits, for ever when ``None``.
            max_waiting: callers that may wait; ``None``: no bound.
            clock: only its monotonic time is used.
        """
        if max_concurrent < 0:
            raise InvalidRequestError("a limit cannot be negative")
        self.name = name
        self.order = (rank, next(self._serials))
        """Limits are taken in this order."""
        self.now: Callable[[], float] = time.monotonic if clock is SYSTEM_CLOCK else clock.monotonic
        self.timeout = timeout
        self.max_waiting = max_waiting
        self.timed_out = 0
        self.refused = 0
        self._begin(max_concurrent)
        forks.remember(self)

    def _begin(self, size: int) -> None:
        self._lock = threading.Lock()
        self._lost: deque[Permit] = deque()
        self._left: deque[Admission] = deque()
        self.permits = Permits(size, self, always_locked=not has_global_lock())

    # --- what finalisers leave -----------------------------------------------------------------

    def lost(self, permit: Permit) -> None:
        """A permit was lost to an interruption; called by its finaliser."""
        self._lost.append(permit)
        self.finish()

    def left(self, admission: Admission) -> None:
        """Somebody left; never waits for a lock, so finalisers may call it."""
        self._left.append(admission)
        self.finish()

    def finish(self) -> None:
        """Take in what was left; whoever holds the lock does it for those who found it taken."""
        while (self._lost or self._left) and self._lock.acquire(blocking=False):
            try:
                self._take_in()
            finally:
                self._lock.release()

    def _take_in(self) -> None:
        while self._lost:
            # A new one is made in its place: a finaliser runs only once for each object.
            self._lost[0].retired = True
            self._lost.popleft()
            self.permits.made -= 1
        while self._left:
            admission = self._left[0]
            if not admission.over:
                admission.over = True
                self.permits.leave(admission.holder)
            self._left.popleft()
        self.permits.settle()

    def settle(self) -> None:
        """Let in who can be let in."""
        with self._lock:
            self.permits.settle()
        self.finish()

    # --- governing -----------------------------------------------------------------------------

    def resize(self, max_concurrent: int) -> None:
        """Change the limit. Never waits: what is inside above it is not replaced as it leaves."""
        if max_concurrent < 0:
            raise InvalidRequestError("a limit cannot be negative")
        self.permits.size = max_concurrent
        self.settle()

    def pause(self) -> None:
        """Let nobody in until :meth:`resume`, but those who are inside already."""
        with self._lock:
            self.permits.paused = self.permits.gate = True

    def resume(self) -> None:
        """Let in again, those who waited first."""
        self.permits.paused = False
        self.settle()

    # --- looking -------------------------------------------------------------------------------

    def blockers(self) -> list[Holder] | None:
        """Who could end a wait here by leaving; ``None`` when something else could, too."""
        permits = self.permits
        held = dict(permits.held)
        if permits.free or permits.paused or len(held) < permits.size:
            return None
        # What is shared may be left by a thread that is not known.
        return None if any(permit.shared for permit in held.values()) else list(held)

    def holders(self) -> list[str]:
        """Names of those inside."""
        return [name_of(key) for key in dict(self.permits.held)]

    def statistics(self) -> LimiterSnapshot:
        """The limit at this moment."""
        with self._lock:
            permits, now = self.permits, self.now()
            found = LimiterSnapshot(
                name=self.name,
                max_concurrent=permits.size,
                inside=len(permits.held),
                waiting=len(permits.line),
                oldest_wait=now - min((one.since for one in permits.line), default=now),
                holders=tuple(self.holders()),
                timed_out=self.timed_out,
                refused=self.refused,
                paused=permits.paused,
            )
        self.finish()
        return found

    # --- forks ---------------------------------------------------------------------------------

    def after_fork_in_child(self) -> None:
        """Start afresh; the one thread that goes on in the child stays inside if it was."""
        before = self.permits
        mine = before.held.get(get_ident())
        for permit in [*before.free, *before.held.values()]:
            permit.retired = True
        self._begin(before.size)
        if mine is not None:
            self.permits.come(ThreadWaiter(0.0, 0.0, Lane.NORMAL, get_ident()))
            self.permits.held[get_ident()].depth = mine.depth

    def __repr__(self) -> str:
        """State in a line."""
        permits = self.permits
        return (
            f"<{type(self).__name__} {self.name}: {len(permits.held)} of {permits.size} inside, "
            f"{len(permits.line)} waiting>"
        )


class Admission:
    """One stay inside a limit. Leaving twice is harmless; one that is dropped leaves."""

    __slots__ = ("__weakref__", "holder", "limit", "over")

    def __init__(self, limit: Limit, waiter: Waiter) -> None:
        """Of somebody who was admitted."""
        self.limit = limit
        self.holder = waiter.holder
        self.over = False

    def close(self) -> None:
        """Leave, from whatever thread."""
        if not self.over:
            self.limit.left(self)

    def __del__(self) -> None:
        self.close()
