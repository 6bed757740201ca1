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

from coffre.pool.deadlock import GRAPH, name_of
from coffre.pool.entries import Holder, Waiter
from coffre.pool.errors import LimiterBusyError, LimiterTimeoutError, PoolDeadlockError
from coffre.pool.limits import Admission, Limit
from coffre.pool.party import LANE, PARTY, holder
from coffre.pool.permits import Permits
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
            self.limit.dropped(self)


class ThreadLimiter(Limit):
    """At most so many threads at once, first come, first served.

    A context manager, a decorator (``@limiter``), and for tasks
    :class:`~coffre.pool.AsyncLimiter`.

    ``with limiter`` is the quick form. ``with limiter.enter()`` costs twice as much, can be left
    from another thread, and has no gap: a signal that strikes at the very beginning of
    ``limiter.__exit__`` leaves its thread inside, as there is no object that would be dropped.
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
            held = permits.held
            if key not in held:
                if not permits.gate:
                    try:
                        permit, _ = permits.free.popitem()
                        permit.depth = 1
                        permit.shared = False
                        held[key] = permit
                        return self
                    except KeyError:  # nothing is free
                        pass
                    except BaseException:
                        self.leave(key)
                        raise
            else:
                inside = held.get(key)  # who shares it may leave at this very moment
                if inside is not None and not inside.shared:
                    inside.depth += 1
                    return self
        waiter = self._waiter(DEFAULT)
        try:
            self._wait(waiter)
            waiter.admitted = False  # from now on it is the thread that is inside
            return self
        except BaseException:
            self.give_up(waiter)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        permits = self.permits
        stay = None
        try:
            # A permit that is not shared was entered by this thread for itself alone, last of
            # all: whoever enters for somebody else shares its own (see _waiter).
            key = get_ident()
            permit = permits.held.get(key)
            if permit is not None and not permit.shared:
                if permit.depth > 1:
                    permit.depth -= 1
                    return
                del permits.held[key]
                permits.free[permit] = None  # if it gets lost on the way, it says so
                if permits.gate:
                    self.settle()
                return
            stay = Admission(self, holder())
            stay.admitted = True
            self.left(stay)
        except BaseException:
            if stay is None:
                self.leave(holder())  # harmless if that was done
            else:
                self.left(stay)
            self.settle()
            raise

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate: the function runs inside."""

        @functools.wraps(function)
        def limited(*given: P.args, **named: P.kwargs) -> R:
            with self:
                return function(*given, **named)

        return limited

    def leave(self, key: Holder) -> None:
        """Leave once, in the name of a holder; harmless for one that is not inside."""
        stay = Admission(self, key)
        stay.admitted = True
        self.left(stay)

    # --- the slow path -------------------------------------------------------------------------

    def enter(self, timeout: Timeout = DEFAULT) -> Admission:
        """Enter, to leave by closing what this returns, from any thread.

        Args:
            timeout: seconds to wait; ``None`` waits for ever.

        Raises:
            PoolError: as ``__enter__`` says.
        """
        permits = self.permits
        if not permits.gate and permits.free and PARTY.get() is None:
            admission = Admission(self, get_ident())
            if self._enter_at_once(admission, permits):
                return admission
        admission = Admission(self, holder())  # dropped, it leaves: nothing is lost on the way
        waiter = self._waiter(timeout)
        try:
            self._wait(waiter)
            admission.admitted, waiter.admitted = True, False
            return admission
        except BaseException:
            self.give_up(waiter)
            raise

    @staticmethod
    def _enter_at_once(admission: Admission, permits: Permits) -> bool:
        key = admission.holder
        if key in permits.held:
            return False
        try:
            permit, _ = permits.free.popitem()
        except KeyError:  # another thread was quicker
            return False
        permit.depth = 1
        permit.shared = True  # it may be left from another thread
        permits.held[key], admission.admitted = permit, True
        return True

    def _waiter(self, timeout: Timeout) -> PermitWaiter:
        now, key = self.now(), holder()
        own = self.permits.held.get(get_ident())
        if own is not None and key != get_ident():
            own.shared = True  # __exit__ then looks for whom it leaves
        waiter = PermitWaiter(now, now + self.patience(timeout), LANE.get(), key)
        waiter.limit = self
        return waiter

    def _wait(self, waiter: ThreadWaiter) -> None:
        self.queue(waiter, waiter.since)
        while not waiter.settled:
            now = self.now()
            if self.noted:
                self.settle()
            elif now >= waiter.deadline:
                self.time_out(waiter, now)
            else:
                waiter.sleep(now)
        GRAPH.end(waiter)
        if waiter.refusal is not None:
            raise waiter.refusal

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
        self.change(self.permits.come, waiter)
        if waiter.settled:
            return
        most = self.max_waiting
        if most is not None and len(self.permits.line) > most:
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
        self.change(self._time_out, waiter, now)

    def _time_out(self, waiter: Waiter, now: float) -> None:
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
        self.change(self.permits.give_up, waiter)
        self.finish()
