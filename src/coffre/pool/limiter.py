"""ThreadLimiter: a bulkhead, which bounds the threads that use drivers at once.

Identified by thread, so a thread that is inside enters again for nothing: nesting cannot
deadlock. A party (:func:`~coffre.pool.together`) counts as the one who began it.

Where there are several limits they are always taken in one order: the global one, then the
driver's, then the offer's, and connections only after all of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from threading import get_ident
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from coffre.pool.deadlock import GRAPH, name_of
from coffre.pool.entries import Holder, Waiter
from coffre.pool.errors import LimiterBusyError, LimiterTimeoutError, PoolDeadlockError
from coffre.pool.limits import Admission, Limit
from coffre.pool.party import LANE, PARTY, holder
from coffre.pool.settings import DEFAULT, Timeout, Waiting
from coffre.pool.waiters import ThreadWaiter

P = ParamSpec("P")
R = TypeVar("R")


class ThreadLimiter(Limit):
    """At most so many threads at once, first come, first served.

    A context manager, a decorator (``@limiter``), and for tasks
    :class:`~coffre.pool.AsyncLimiter`. :meth:`enter` is the form that can be left from another
    thread.
    """

    def __enter__(self) -> Self:
        """Enter.

        Raises:
            LimiterTimeoutError: nobody left in time.
            LimiterBusyError: too many wait.
            PoolDeadlockError: waiting would never end.
        """
        permits = self.permits
        if PARTY.get() is None:
            key = get_ident()
            permit = permits.held.get(key)
            if permit is None:
                if not permits.gate and permits.free:
                    try:
                        permit, _ = permits.free.popitem()
                        permit.depth = 1
                        permit.shared = False
                        permits.held[key] = permit
                        return self
                    except KeyError:  # another thread was quicker
                        pass
                    except BaseException:
                        self._leave()
                        raise
            elif not permit.shared:
                permit.depth += 1
                return self
        self._admitted(DEFAULT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        permits = self.permits
        permit = None
        try:
            if PARTY.get() is None:
                key = get_ident()
                permit = permits.held.get(key)
                if permit is not None and not permit.shared:
                    if permit.depth > 1:
                        permit.depth -= 1
                        return
                    del permits.held[key]
                    permits.free[permit] = None
                    if permits.gate:
                        self.settle()
                    return
            self._leave()
        except BaseException:
            if permit is not None and permits.held.get(get_ident()) is permit:
                self._leave()
            del permit  # lost, if it is in neither place: then its finaliser puts it back
            self.settle()
            raise

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate: the function runs inside."""

        @functools.wraps(function)
        def limited(*given: P.args, **named: P.kwargs) -> R:
            with self:
                return function(*given, **named)

        return limited

    def _leave(self) -> None:
        self.leave(holder())

    def leave(self, key: Holder) -> None:
        """Leave once, in the name of a holder; harmless for one that is not inside."""
        with self._lock:
            self.permits.leave(key)
        self.finish()

    # --- the slow path -------------------------------------------------------------------------

    def enter(self, timeout: Timeout = DEFAULT) -> Admission:
        """Enter, to leave by closing what this returns, from any thread.

        Args:
            timeout: seconds to wait; ``None`` waits for ever.

        Raises:
            PoolError: as ``__enter__`` says.
        """
        return Admission(self, self._admitted(timeout))

    def _admitted(self, timeout: Timeout) -> Waiter:
        now = self.now()
        waiter = ThreadWaiter(now, now + self.patience(timeout), LANE.get(), holder())
        try:
            self.queue(waiter, now)
            while not waiter.settled:
                now = self.now()
                if now >= waiter.deadline:
                    self.time_out(waiter, now)
                else:
                    waiter.sleep(now)
            if waiter.refusal is not None:
                raise waiter.refusal
        except BaseException:
            self.give_up(waiter)
            raise
        GRAPH.end(waiter)
        return waiter

    def patience(self, timeout: Timeout) -> float:
        """Seconds that a caller waits, infinite for ever."""
        seconds = self.timeout if isinstance(timeout, Waiting) else timeout
        return float("inf") if seconds is None else seconds

    def queue(self, waiter: Waiter, now: float) -> None:
        """Let somebody in, or put it in line if there is a point in waiting.

        Raises:
            LimiterBusyError: too many wait.
            PoolDeadlockError: waiting would never end.
        """
        with self._lock:
            self.permits.come(waiter)
            most = self.max_waiting
            too_many = most is not None and len(self.permits.line) > most
        if waiter.settled:
            return
        if too_many:
            self.refused += 1
            raise LimiterBusyError(f"limiter {self.name}: {most} callers wait already")
        if waiter.deadline <= now or PARTY.get() is not None:
            return
        knot = GRAPH.wait(waiter, self)
        if knot is not None:
            raise PoolDeadlockError(
                f"limiter {self.name}: waiting would never end, as "
                f"{', '.join(map(name_of, knot))} all wait and hold what is waited for"
            )

    def time_out(self, waiter: Waiter, now: float) -> None:
        """Refuse somebody whose patience is over, unless it was admitted meanwhile."""
        with self._lock:
            if waiter.settled:
                return
            self.timed_out += 1
            waiter.refusal = LimiterTimeoutError(
                f"limiter {self.name}: nobody left within {now - waiter.since:.1f} s; inside: "
                + (", ".join(self.holders()) or "nobody")
            )

    def give_up(self, waiter: Waiter) -> None:
        """Somebody stopped waiting; what it was given goes to the next."""
        GRAPH.end(waiter)
        with self._lock:
            self.permits.give_up(waiter)
        self.finish()
