"""ThreadLimiter: a bulkhead, which bounds the threads that use drivers at once.

Identified by thread, so a thread that is inside enters again for nothing: nesting cannot
deadlock. A party (:func:`~coffre.pool.together`) counts as the one who began it.

Where there are several limits they are always taken in one order: the offer's, then the
driver's, then the global one, and connections only after all of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from threading import get_ident
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from coffre.contract import InvalidRequestError
from coffre.pool.admission import Admission
from coffre.pool.deadlock import GRAPH, name_of
from coffre.pool.entries import Holder, Waiter
from coffre.pool.errors import (
    LimiterBusyError,
    LimiterTimeoutError,
    PoolDeadlockError,
    PoolError,
)
from coffre.pool.limits import Limit
from coffre.pool.party import LANE, PARTIES, PARTY, holder
from coffre.pool.settings import DEFAULT, Timeout, Waiting
from coffre.pool.waiters import ThreadWaiter

P = ParamSpec("P")
R = TypeVar("R")


class PermitWaiter(ThreadWaiter):
    """A thread in the queue of a limit. One that is dropped after it was admitted leaves."""

    __slots__ = ("limit",)

    limit: Limit

    def __del__(self) -> None:
        if getattr(self, "admitted", False):
            self.limit.note(self)


class ThreadLimiter(Limit):
    """At most so many threads at once, first come, first served.

    A context manager, a decorator (``@limiter``), and for tasks
    :class:`~coffre.pool.AsyncLimiter`.

    ``with limiter`` is the quick form: it is this thread that is inside, and it must be this
    thread that leaves. What a generator may hold, and another thread may collect, needs
    ``with limiter.enter()``: any thread can end that. It has no gap, either: a signal that strikes
    at the very beginning of ``limiter.__exit__`` leaves its thread inside.
    """

    def __enter__(self) -> Self:
        """Enter.

        Raises:
            LimiterTimeoutError: nobody left in time.
            LimiterBusyError: too many wait.
            PoolDeadlockError: waiting would never end.
        """
        stay = None
        try:
            if not PARTIES or PARTY.get() is None:
                permit = self.held.get(get_ident())
                if permit is not None:
                    permit.depth += 1
                    if not permit.recalled:  # looked at after entering: see permits.py
                        return self
                    permit.depth -= 1
            stay = Admission()
            stay.limit = self
            self._become_inside(stay)
        except BaseException as error:
            self._undo(stay, error)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        left = False
        try:
            me = get_ident()
            permit = self.held.get(holder() if PARTIES else me)
            if permit is None:
                return
            if permit.key == me and permit.depth > 0:
                permit.depth, left = permit.depth - 1, True
            else:
                left = permit.leave(me)
            if permit.recalled:  # looked at after leaving: see permits.py
                self.went(permit)
        except BaseException:
            if not left:
                self.leave(holder(), get_ident())
            self.settle()
            raise

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate: the function runs inside."""

        @functools.wraps(function)
        def limited(*given: P.args, **named: P.kwargs) -> R:
            with self:
                return function(*given, **named)

        return limited

    def leave(self, key: Holder, member: Holder) -> None:
        """Leave once, for oneself or as a member of a party; harmless for who is not inside."""
        permit = self.held.get(key)
        if permit is None or not permit.leave(member):
            return
        # A task does not come again: what it had is not kept for it.
        if permit.recalled or not isinstance(key, int):
            self.went(permit)

    # --- the slow path -------------------------------------------------------------------------

    def _become_inside(self, stay: Admission) -> None:
        key = holder()
        if not self.at_once(stay, key):
            self._wait_for(stay, key, DEFAULT)
        stay.become(get_ident())

    def _undo(self, stay: Admission | None, error: BaseException) -> None:
        """Who was to be inside was refused, or interrupted."""
        if stay is not None:
            stay.undo(get_ident())
        if not isinstance(error, PoolError):
            self.settle()

    def enter(self, timeout: Timeout = DEFAULT) -> Admission:
        """Enter, to leave by closing what this returns, from any thread.

        Args:
            timeout: seconds to wait; ``None`` waits for ever.

        Raises:
            PoolError: as ``__enter__`` says.
            InvalidRequestError: a negative number.
        """
        stay = Admission()
        stay.limit = self
        key = holder() if PARTIES else get_ident()
        if not self.at_once(stay, key):
            self._wait_for(stay, key, timeout)
        return stay

    def at_once(self, stay: Admission, key: Holder) -> bool:
        """Be inside, if that needs no waiting."""
        permit = self.held.get(key)
        if permit is None and not self.permits.gate:
            permit = self.change(self.permits.room, key)
        return permit is not None and not permit.recalled and stay.use(permit)

    def _wait_for(self, stay: Admission, key: Holder, timeout: Timeout) -> None:
        now = self.now()
        waiter = PermitWaiter(now, now + self.patience(timeout), LANE.get(), key)
        waiter.limit = self
        try:
            self._wait(waiter)
            self.claim(stay, waiter)
        except BaseException:
            self.give_up(waiter)
            raise

    def _wait(self, waiter: ThreadWaiter) -> None:
        self.queue(waiter, waiter.since)
        while not waiter.settled:
            now = self.now()
            if self.noted:
                self.finish()
            elif now >= waiter.deadline:
                self.time_out(waiter, now)
            else:
                waiter.sleep(now)

    def claim(self, stay: Admission, waiter: Waiter) -> None:
        """Turn the end of a wait into a stay.

        Raises:
            PoolError: it was refused.
        """
        GRAPH.end(waiter)
        if waiter.refusal is not None:
            raise waiter.refusal
        # Under the lock: whoever let it in may have been interrupted, and be putting that straight.
        self.change(self._claim, stay, waiter)

    def _claim(self, stay: Admission, waiter: Waiter) -> None:
        permit = self.held[waiter.holder]  # it is there: the waiter uses it
        stay.permit = permit
        permit.stays[id(stay)] = False
        permit.stays.pop(id(waiter), None)
        waiter.admitted = False

    def patience(self, timeout: Timeout) -> float:
        """Seconds that a caller waits, infinite for ever.

        Raises:
            InvalidRequestError: a negative number.
        """
        seconds = self.timeout if isinstance(timeout, Waiting) else timeout
        if seconds is None:
            return float("inf")
        if not seconds >= 0:
            raise InvalidRequestError("a timeout is at least 0 seconds, or None for ever")
        return seconds

    def queue(self, waiter: Waiter, now: float) -> None:
        """Let somebody in, or put it in line if there is a point in waiting.

        Raises:
            LimiterBusyError: too many wait.
            PoolDeadlockError: waiting would never end.
        """
        self.change(self._come, waiter)
        if waiter.settled or waiter.deadline <= now or PARTY.get() is not None:
            return
        knot = GRAPH.wait(waiter, self)
        if knot is not None:
            raise PoolDeadlockError(
                f"limiter {self.name}: waiting would never end, as "
                f"{', '.join(map(name_of, knot))} all wait and hold what is waited for"
            )

    def _come(self, waiter: Waiter) -> None:
        self.permits.come(waiter)
        most = self.max_waiting
        if not waiter.settled and most is not None and len(self.permits.line) > most:
            self.refused += 1
            self.permits.refuse(
                waiter, LimiterBusyError(f"limiter {self.name}: {most} callers wait already")
            )

    def time_out(self, waiter: Waiter, now: float) -> None:
        """Refuse somebody whose patience is over, unless it was admitted meanwhile."""
        message = f"limiter {self.name}: nobody left within {now - waiter.since:.1f} s; inside: "
        self.change(self._time_out, waiter, message + (", ".join(self.holders()) or "nobody"))

    def _time_out(self, waiter: Waiter, message: str) -> None:
        if waiter.settled:
            return
        self.timed_out += 1
        self.permits.refuse(waiter, LimiterTimeoutError(message))
