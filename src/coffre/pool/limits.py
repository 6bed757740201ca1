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
from typing import ParamSpec, TypeVar, cast

from coffre.contract import SYSTEM_CLOCK, Clock, InvalidRequestError
from coffre.pool import forks
from coffre.pool.deadlock import GRAPH, name_of
from coffre.pool.entries import Holder, Waiter
from coffre.pool.errors import PoolDeadlockError
from coffre.pool.guard import has_global_lock
from coffre.pool.permits import Permit, Permits

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
        # One that its own thread can take again: then it knows, instead of waiting for itself.
        self._lock = threading.RLock()
        self._is_inside = cast("Callable[[], bool]", self._lock._is_owned)  # type: ignore[attr-defined]
        self._notes: deque[Permit | Waiter | None] = deque()
        self.permits = Permits(size, always_locked=not has_global_lock())
        self.held = self.permits.held
        """The holders' permits; here, too, as the way in begins with it."""

    # --- the lock ------------------------------------------------------------------------------

    def change(self, operation: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        """Run one operation of the permits under the lock.

        Raises:
            PoolDeadlockError: asked in the middle of another one, by a finaliser or a signal
                handler: it would wait for itself.
        """
        if self._is_inside():
            raise PoolDeadlockError(
                f"limiter {self.name} was asked from inside of itself, by a finaliser or a signal "
                "handler that interrupted it"
            )
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

    def went(self, permit: Permit) -> None:
        """Somebody stopped using a permit that is recalled: it goes to the next."""
        if self._is_inside():
            self.note(permit)
        else:
            self.change(self.permits.leave, permit)

    def give_up(self, waiter: Waiter) -> None:
        """Somebody stopped waiting; what it was given goes to the next."""
        GRAPH.end(waiter)
        if self._is_inside():
            self.note(waiter)
        else:
            self.change(self.permits.give_up, waiter)
            self.finish()

    def settle(self) -> None:
        """Let in who can be let in, whatever was interrupted."""
        if self._is_inside():
            self.note(None)
        else:
            self.change(self.permits.repair)

    # --- what finalisers leave -----------------------------------------------------------------

    def note(self, left: Permit | Waiter | None) -> None:
        """Leave something to the next one who takes the lock, and wake those who wait.

        A finaliser may run anywhere, in the locked part of this very thread too: so this takes no
        lock.
        """
        self._notes.append(left)
        for companions in list(self.permits.waiting.values()):
            for waiter in list(companions):
                waiter.wake()

    @property
    def noted(self) -> bool:
        """Whether finalisers left something to see to."""
        return bool(self._notes)

    def finish(self) -> None:
        """See to what finalisers left while the lock was taken."""
        while self._notes:
            self.change(self.permits.serve)

    def _take_in(self) -> None:
        while self._notes:
            left = self._notes[0]
            if isinstance(left, Permit):
                self.permits.leave(left)
            elif left is not None:
                self.permits.give_up(left)
            else:
                self.permits.repair()
            self._notes.popleft()

    # --- governing -----------------------------------------------------------------------------

    def resize(self, max_concurrent: int) -> None:
        """Change the limit. Never waits: what is inside above it is not replaced as it leaves."""
        if max_concurrent < 0:
            raise InvalidRequestError("a limit cannot be negative")
        self.change(self.permits.resize, max_concurrent)

    def pause(self) -> None:
        """Let nobody in until :meth:`resume`, but those who are inside already."""
        self.change(self.permits.pause)

    def resume(self) -> None:
        """Let in again, those who waited first."""
        self.change(self.permits.resume)

    # --- looking -------------------------------------------------------------------------------

    def inside(self) -> list[Permit]:
        """Permits that are in use."""
        return [permit for permit in list(self.held.values()) if permit.used]

    def blockers(self) -> list[Holder] | None:
        """Who could end a wait here by leaving; ``None`` when something else could, too."""
        inside = self.inside()
        if self.permits.paused or not inside or len(inside) < self.permits.size:
            return None
        known = all(permit.known for permit in inside)
        return [permit.key for permit in inside] if known else None

    def holders(self) -> list[str]:
        """Names of those inside."""
        return [name_of(permit.key) for permit in self.inside()]

    def statistics(self) -> LimiterSnapshot:
        """The limit at this moment."""
        permits, now, holders = self.permits, self.now(), self.holders()
        with self._lock:
            waiting = [one.since for one in permits.line]
        return LimiterSnapshot(
            name=self.name,
            max_concurrent=permits.size,
            inside=len(holders),
            waiting=len(waiting),
            oldest_wait=now - min(waiting, default=now),
            holders=tuple(holders),
            timed_out=self.timed_out,
            refused=self.refused,
            paused=permits.paused,
        )

    # --- forks ---------------------------------------------------------------------------------

    def after_fork_in_child(self) -> None:
        """Start afresh; the one thread that goes on in the child stays inside if it was."""
        key = get_ident()
        mine = self.held.get(key)
        self._begin(self.permits.size)
        if mine is not None and mine.used:
            mine.guests.clear()  # other members of its party do not exist here
            self.held[key] = mine
            self.permits.repair()

    def __repr__(self) -> str:
        """State in a line."""
        return (
            f"<{type(self).__name__} {self.name}: {len(self.inside())} of {self.permits.size} "
            f"inside, {len(self.permits.line)} waiting>"
        )
