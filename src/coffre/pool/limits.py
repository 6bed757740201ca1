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
from typing import ParamSpec, Self, TypeVar

from coffre.contract import SYSTEM_CLOCK, Clock, InvalidRequestError
from coffre.pool import forks
from coffre.pool.deadlock import name_of
from coffre.pool.entries import Holder
from coffre.pool.guard import has_global_lock
from coffre.pool.permits import Permit, Permits, Stay
from coffre.pool.settings import Lane
from coffre.pool.waiters import ThreadWaiter

P = ParamSpec("P")
R = TypeVar("R")

MAX_CONCURRENT = 32
"""Threads inside at once: three offers of ten connections fit. Work on storage waits for input
and output, so it is not tied to the number of processors."""
MAX_WAITING = 1000
"""Callers that may wait."""
TIMEOUT = 30.0
"""Patience of a caller, in seconds."""


class Rank(IntEnum):
    """In which order limits are taken: the narrow ones first.

    Whoever waits for one offer then holds no permit that another offer needs: an offer that
    hangs fills its own limit, and not the global one.
    """

    OFFER = 0
    DRIVER = 1
    GLOBAL = 2


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
        self._left: deque[Stay] = deque()
        self.permits = Permits(size, self, always_locked=not has_global_lock())

    # --- what finalisers leave -----------------------------------------------------------------

    def lost(self, permit: Permit) -> None:
        """A permit was lost to an interruption; called by its finaliser."""
        self._lost.append(permit)
        self._wake_all()

    def left(self, admission: Stay) -> None:
        """Somebody leaves."""
        # As `change` does, by hand: every operation on an offer comes through here.
        with self._lock:
            self._leave(admission)

    def _leave(self, admission: Stay) -> None:
        try:
            if self._left or self._lost:
                self._take_in()
            self.permits.leave(admission)
            if self._left or self._lost:
                self._take_in()
        except BaseException:
            self.permits.repair()
            raise

    def dropped(self, admission: Stay) -> None:
        """Somebody is gone without leaving; called by a finaliser, so it takes no lock."""
        self._left.append(admission)
        self._wake_all()

    def _wake_all(self) -> None:
        """Have those who wait see to what a finaliser left; if nobody does, the next one will."""
        permits = self.permits
        permits.gate = True
        for companions in list(permits.waiting.values()):
            for waiter in list(companions):
                waiter.wake()

    @property
    def noted(self) -> bool:
        """Whether finalisers left something to see to."""
        return bool(self._lost or self._left)

    def finish(self) -> None:
        """See to what finalisers left while the lock was taken."""
        while self.noted:
            self.settle()

    def change(self, operation: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        """Run one operation of the permits under the lock."""
        # A call, not a block: see PoolBase.change_only.
        with self._lock:
            return self._repaired(operation, *given, **named)

    def _repaired(self, operation: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        try:
            self._take_in()
            found = operation(*given, **named)
            self._take_in()  # what finalisers left meanwhile
            return found
        except BaseException:
            self.permits.repair()
            raise

    def _take_in(self) -> None:
        if not self.noted:
            return
        while self._lost:
            # A new one is made in its place: a finaliser runs only once for each object.
            permit = self._lost[0]
            if not permit.retired:
                permit.retired, self.permits.made = True, self.permits.made - 1
            self._lost.popleft()
        while self._left:
            self.permits.leave(self._left[0])
            self._left.popleft()
        self.permits.settle()

    def settle(self) -> None:
        """Let in who can be let in."""
        self.change(self.permits.settle)

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

    admitted = False
    # A default of the class: one whose making was interrupted is finalised, too.

    def __init__(self, limit: Limit, holder: Holder | None) -> None:
        """Of somebody who has not been admitted yet."""
        self.limit = limit
        self.holder = holder

    def close(self) -> None:
        """Leave, from whatever thread."""
        if self.admitted:
            self.limit.left(self)

    def __enter__(self) -> Self:
        """Be inside; leave on leaving the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""
        self.close()

    def __del__(self) -> None:
        if self.admitted:
            self.limit.dropped(self)
