"""Who is refused, with what, and how little that costs."""

from __future__ import annotations

from coffre.contract import CoffreError, OfferError
from coffre.pool.entries import Waiter
from coffre.pool.errors import (
    BreakerOpenError,
    PoolBusyError,
    PoolClosedError,
    PoolPausedError,
    PoolTimeoutError,
)
from coffre.pool.settings import Lane
from coffre.pool.state import PoolState


class Refusing(PoolState):
    """Ends waits, or has them not begin."""

    def refusal(self) -> OfferError | None:
        """Why nobody is served at all; ``None`` as long as there is no reason."""
        if self.closed:
            return PoolClosedError(f"pool {self.name} is closed")
        if self.paused and self.pause_refuses:
            return PoolPausedError(f"pool {self.name} is paused")
        return None

    def shed(self, waiter: Waiter) -> None:
        """Refuse one too many. Those who could be served at once never come here."""
        most = self.settings.max_waiting
        if most is not None and len(self.line) > most:
            self.refuse(waiter, PoolBusyError(f"pool {self.name}: {most} callers wait already"))
            self.regate()

    def hopeless(self, lane: Lane, now: float, deadline: float) -> PoolBusyError | None:
        """The refusal of somebody who would wait in vain; ``None`` for anybody else.

        Asked without the lock, so that a refusal costs little: under load there are many.
        """
        if self.pace is None or not self.line:
            return None
        before = self.line.before(lane)
        if now + self.pace.wait(before, now) <= deadline:
            return None
        return PoolBusyError(f"pool {self.name}: {before} callers are before this one")

    def count_refusal(self, error: OfferError) -> None:
        """Somebody was refused."""
        refused = self.counters.refused
        refused[error.code] = refused.get(error.code, 0) + 1
        if self.listening:
            self.tell("refused", error.code)

    def discount_refusal(self, error: OfferError) -> None:
        """Somebody was gone before it was told: a wait has one end, and that was another."""
        self.counters.refused[error.code] -= 1
        if isinstance(error, PoolTimeoutError):
            self.counters.timed_out -= 1

    def refuse(self, waiter: Waiter, error: OfferError) -> None:
        """End a wait with an error."""
        waiter.refusal = error
        self.line.leave(waiter)
        self.count_refusal(error)
        waiter.wake()

    # --- for all --------------------------------------------------------------------------

    def expire(self, waiter: Waiter, now: float) -> None:
        """A patience is over. What comes back goes to somebody who still wants it."""
        error = PoolTimeoutError(
            f"pool {self.name}: no connection within {now - waiter.since:.1f} s; "
            f"{self.held} lent, {len(self.opening)} being opened, {len(self.line) - 1} others wait"
        )
        if self.breaker.cause is not None and self.breaker.failed_at >= waiter.since:
            error.__cause__ = self.breaker.cause
        self.counters.timed_out += 1
        if self.listening:
            self.tell("timed-out", seconds=now - waiter.since)
        self.refuse(waiter, error)

    def resting(self, now: float) -> BreakerOpenError:
        """The refusal of an open breaker, with the cause."""
        wait = self.breaker.retry_at - now
        # The cause first: that is what somebody can do something about.
        error = BreakerOpenError(
            f"{told(self.breaker.cause)} (pool {self.name}: failed {self.breaker.failures} times "
            f"in a row, left alone for {wait:.1f} s)",
            retry_after=wait,
        )
        error.__cause__ = self.breaker.cause
        return error

    def refuse_all(self, error: OfferError) -> None:
        """End every wait, each with an error of its own: it belongs to one traceback."""
        for waiter in self.line:
            own = type(error)(error.message)
            own.__cause__ = error.__cause__
            if isinstance(error, BreakerOpenError) and isinstance(own, BreakerOpenError):
                own.retry_after = error.retry_after
            self.refuse(waiter, own)


def told(error: BaseException | None) -> str:
    """An error as it may be shown: the text of a foreign one may hold a secret."""
    if isinstance(error, CoffreError):
        return error.message
    return "opening a connection failed" + ("" if error is None else f": {type(error).__name__}")
