"""Borrowing and returning, in the thread face: the fast path, and the queue."""

from __future__ import annotations

import logging
from sys import _getframe
from threading import get_ident
from types import CodeType

from coffre.contract import InvalidRequestError, OfferError
from coffre.pool import connections
from coffre.pool.base import shut
from coffre.pool.deadlock import GRAPH, name_of
from coffre.pool.entries import Entry, Holder, Token, Waiter
from coffre.pool.errors import (
    LeaseReturnedError,
    NestedLeaseError,
    PoolDeadlockError,
    PoolTimeoutError,
)
from coffre.pool.lease import Lease
from coffre.pool.opening import Opening
from coffre.pool.settings import DEFAULT, Lane, Timeout, Waiting
from coffre.pool.waiters import ThreadWaiter

logger = logging.getLogger("coffre.pool")


class Borrowing(Opening):
    """Lends connections to threads, in the order in which they ask."""

    # Not by keyword only, as it would be anywhere else: that costs a tenth of a lease.
    def lease(self, timeout: Timeout = DEFAULT, lane: Lane = Lane.NORMAL) -> Lease:
        """Borrow a connection: ``with pool.lease() as connection``, or close the lease yourself.

        Args:
            timeout: seconds to wait for a free place; 0 takes what is idle, or opens at once if
                there is room. An opening that began in time is waited for, as the driver cannot
                be interrupted, and what it yields is lent.
            lane: how urgent.

        Raises:
            PoolTimeoutError: nothing became free in time.
            PoolBusyError: too many wait.
            PoolClosedError, PoolPausedError, BreakerOpenError: nothing is lent now.
            PoolDeadlockError: waiting would never end.
            OfferError: opening a connection failed, and it was this caller who opened.
        """
        lease = Lease()
        lease.pool = self
        lease.marked = False  # found sooner in the object than in its class
        frame = _getframe(1)
        if lease.take(self, self.core, get_ident(), frame.f_code, frame.f_lasti):
            return lease
        return self._lease_slowly(lease, timeout, lane, frame.f_code, frame.f_lasti)

    # --- the slow path -------------------------------------------------------------------------

    def _lease_slowly(
        self, lease: Lease, timeout: Timeout, lane: Lane, code: CodeType, instruction: int
    ) -> Lease:
        now = self.now()
        deadline = now + self.patience(timeout)
        if lease.token is None and self.core.pace is not None:
            self.shed(lane, now, deadline)
        waiter = ThreadWaiter(now, deadline, lane, get_ident())
        try:
            if lease.token is not None:  # taken on the fast path, but not to be lent unseen
                waiter.token, lease.token = lease.token, None
            else:
                self.change(self.core.admit, waiter, now)
            token = self._served(waiter)
            self.note_loan(token.entry, waiter.holder, code, instruction)
            lease.token, waiter.token = token, None
        except BaseException as error:
            if error is not waiter.refusal:  # who was refused has left already, with nothing
                self.change(self.core.give_up, waiter, self.now())
            self.core.awaiting.pop(waiter, None)
            waiter.refusal = None  # it knows this frame: a circle would be left to the collector
            raise
        self.core.awaiting.pop(waiter, None)
        return lease

    def shed(self, lane: Lane, now: float, deadline: float) -> None:
        """Refuse who would wait in vain, before anything else is done for it.

        Raises:
            PoolBusyError: it would not be served in time.
        """
        refusal = self.core.hopeless(lane, now, deadline)
        if refusal is None:
            return
        try:
            self.change(self.core.count_refusal, refusal)
            raise refusal
        finally:
            del refusal  # it knows this frame: a circle would be left to the collector

    def note_loan(
        self, entry: Entry, holder: Holder | None, code: CodeType | None, instruction: int
    ) -> None:
        """Write into an entry who borrows it, and where; its owner alone does."""
        entry.holder = holder
        entry.taken = self.now()
        entry.code = code
        entry.instruction = instruction
        entry.uses += 1

    def patience(self, timeout: Timeout) -> float:
        """Seconds that a caller waits, infinite for ever.

        Raises:
            InvalidRequestError: a negative number.
        """
        if isinstance(timeout, Waiting):
            timeout = self.settings.timeout
        if timeout is None:
            return float("inf")
        if not timeout >= 0:
            raise InvalidRequestError("a timeout is at least 0 seconds, or None for ever")
        return timeout

    def _served(self, waiter: ThreadWaiter) -> Token:
        """Wait, open and look until there is a connection that can be lent."""
        while True:
            self._wait(waiter)
            if waiter.refusal is not None:
                raise self.named(waiter.refusal)
            token = waiter.token
            if token is None:
                continue
            if self.work(waiter, token):
                return token

    def _wait(self, waiter: ThreadWaiter) -> None:
        if waiter.settled:
            return
        try:
            if waiter.deadline > waiter.since:  # who only tries waits for nobody
                self._check_nesting(waiter)
                self.check_deadlock(waiter)
            self._sleep(waiter)
        finally:
            GRAPH.end(waiter)

    def check_deadlock(self, waiter: Waiter) -> None:
        """Note that somebody waits.

        Raises:
            PoolDeadlockError: the wait could never end.
        """
        knot = GRAPH.wait(waiter, self)
        if knot is not None:
            raise PoolDeadlockError(
                f"pool {self.name}: waiting would never end, as {', '.join(map(name_of, knot))} "
                f"all wait and hold what is waited for: {'; '.join(self.holders())}"
            )

    def _sleep(self, waiter: ThreadWaiter) -> None:
        while not waiter.settled:
            now = self.now()
            if now >= waiter.deadline:
                self.change(self.core.time_out, waiter, now)
            elif self.unfinished or (waiter.alarm is not None and now >= waiter.alarm):
                waiter.alarm = None
                self.change(self.core.settle, now)
            else:
                waiter.sleep(now)

    def named(self, refusal: OfferError) -> OfferError:
        """A refusal that says, if it is a timeout, who holds what was waited for."""
        if isinstance(refusal, PoolTimeoutError) and (holders := self.holders()):
            refusal.message += "; held by " + "; ".join(holders)
        return refusal

    def _check_nesting(self, waiter: ThreadWaiter) -> None:
        """Looked at only by who has to wait: it costs nothing otherwise."""
        if self.settings.nested == "allow" or waiter.holder is None:
            return
        for entry in list(self.core.entries):
            if entry.holder != waiter.holder:
                continue
            said = f"pool {self.name}: a second connection for one thread; first: {entry.place}"
            if self.settings.nested == "raise":
                raise NestedLeaseError(said)
            if not self._warned_nested:
                self._warned_nested = True
                logger.warning(said, extra={"pool": self.name, "event": "nested"}, stack_info=True)

    # --- in the place of a broken one ----------------------------------------------------------

    def renew(self, lease: Lease, timeout: Timeout = DEFAULT) -> None:
        """Open another connection in the place of a broken one, without losing the place.

        Raises:
            OfferError: it cannot be opened now; the place is given up, and the lease is over.
        """
        token = lease.token
        if token is None:
            raise LeaseReturnedError("this lease was given back before")
        reason = lease.trouble or "renewed"
        lease.discard(reason)
        if not token.entry.gone:
            shut(token.entry)  # first, or the service would have one session too many
        now = self.now()
        code, instruction = token.entry.code, token.entry.instruction
        waiter = ThreadWaiter(now, now + self.patience(timeout), Lane.HIGH, get_ident())
        try:
            self.change(self.core.exchange, waiter, token, now, reason)
            lease.token = None
            token = self._served(waiter)
            self.note_loan(token.entry, None, code, instruction)
            lease.token, waiter.token = token, None
        except BaseException as error:
            lease.token = None
            if error is not waiter.refusal:
                self.change(self.core.give_up, waiter, self.now())
            self.core.awaiting.pop(waiter, None)
            waiter.refusal = None  # as above
            raise
        self.core.awaiting.pop(waiter, None)
        lease.trouble, lease.dirty = None, False

    # --- returns, away from the fast path ------------------------------------------------------

    def take_back(self, lease: Lease, token: Token) -> None:
        """A connection comes back that is broken, dirty, too old, or of an old generation."""
        entry = token.entry
        if entry.foreign:
            lease.token = None
            return
        if self.is_inside():
            self.note(lease.moved(self))
            return
        try:
            if lease.dirty and lease.trouble is None and entry.connection is not None:
                lease.trouble = "interrupted"  # unless it comes to its end
                good = connections.reset(entry.connection)
                lease.trouble = None if good else "not-reset"
        finally:
            self.change(self.take_back_only, lease, token)

    def take_back_only(self, lease: Lease, token: Token) -> None:
        """The part of it that is done under the lock."""
        token.entry.holder = token.entry.code = None
        core, now = self.core, self.now()
        if lease.trouble == "lost":
            core.suspect(now)
        if core.give_back(token.entry, now, trouble=lease.trouble):
            core.idle[token] = lease.token = None
            core.settle(now)
        else:
            lease.token = None
