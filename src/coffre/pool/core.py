"""The rules of a pool as a state machine: no I/O, no thread, no clock of its own.

A face (threads, asyncio) calls one operation at a time under its lock, then wakes nobody and
closes nothing by itself: waiters are woken by the operations (a wake-up is one instruction),
and what has to be closed stands in ``doomed`` until the face has done it, outside the lock.

Operations never fail. An exception that comes out of one is an interruption, after which the
face calls :meth:`~coffre.pool.state.PoolState.repair` and ``settle``.
"""

from __future__ import annotations

import weakref
from functools import partial

from coffre.contract import Connection
from coffre.pool.breaker import blames_service
from coffre.pool.entries import NEVER, Entry, LostToken, Token, Waiter
from coffre.pool.serving import Serving


class PoolCore(Serving):
    """One pool. All times are seconds on one monotonic clock, handed in as ``now``."""

    # --- openings --------------------------------------------------------------------------

    def opened(self, entry: Entry, connection: Connection, now: float) -> bool:
        """A connection was opened for an entry, which its waiter owns.

        Returns:
            False when it came too late: the room was given away, and it is to be closed.
        """
        if entry not in self.entries:
            entry.connection = connection
            self.doomed[entry] = "late"
            return False
        share = 0.75 + 0.25 * self.chance()
        entry.expires = now + self.settings.max_lifetime * share
        entry.returned = now
        entry.fresh_until = min(entry.expires, now + self.settings.look_after)
        entry.connection = connection
        self.opening.pop(entry, None)
        self.next_look = min(self.next_look, now + self.settings.idle_timeout)
        self.counters.opened += 1
        self.tell("opened", seconds=now - entry.born)
        if self.breaker.resting:
            self.tell("breaker-closed")
        self.breaker.succeeded()
        self.settle(now)
        return True

    def open_failed(self, waiter: Waiter, entry: Entry, error: Exception, now: float) -> None:
        """Opening failed: the room is free, and the failure counts. The waiter is told its own."""
        self._let_go(waiter, entry)
        self.counters.failed += 1
        self.tell("open-failed", type(error).__name__)
        if blames_service(error):
            trips = self.breaker.trips
            self.breaker.failed(now, error)
            if self.breaker.trips > trips:
                self.tell("breaker-open", type(error).__name__)
        self.settle(now)

    # --- waits that end otherwise ------------------------------------------------------------

    def time_out(self, waiter: Waiter, now: float) -> None:
        """The waiter's patience is over, unless it was served meanwhile."""
        if waiter.settled:
            return
        self.expire(waiter, now)
        self.settle(now)

    def give_up(self, waiter: Waiter, now: float) -> None:
        """The caller is gone, by an exception of its own; what it was given goes to the next."""
        token = waiter.token
        if token is not None or waiter in self.line or waiter.refusal is not None:
            self.counters.cancelled += 1
        if waiter.refusal is not None:
            self.discount_refusal(waiter.refusal)
        self.awaiting.pop(waiter, None)
        self.line.leave(waiter)
        if token is not None:
            if token.entry.connection is None:
                self._let_go(waiter, token.entry)
            else:
                self.put_back(waiter, token)
        self.settle(now)

    def put_back(self, waiter: Waiter, token: Token) -> None:
        """A waiter's entry becomes idle again, untouched."""
        entry = token.entry
        if not entry.gone:
            entry.holder = entry.code = None
            self.idle[token] = waiter.token = None
            self.next_look = min(self.next_look, entry.returned + self.settings.idle_timeout)
        else:
            waiter.token = None

    def _let_go(self, waiter: Waiter, entry: Entry) -> None:
        self.forget(entry)
        waiter.token = None

    # --- returns ---------------------------------------------------------------------------

    def give_back(self, entry: Entry, now: float, *, trouble: str | None = None) -> bool:
        """A loan is over, away from the fast path.

        Args:
            entry: what was lent.
            now: the time.
            trouble: why it must not be lent again.

        Returns:
            Whether it may become idle: the lease does that, by one assignment, and settles.
        """
        reason = trouble or ("closed" if self.closed else self.unfit(entry, now))
        if entry.gone:
            return False
        if reason is None:
            entry.returned = now
            entry.fresh_until = min(entry.expires, now + self.settings.look_after)
            self.next_look = min(self.next_look, self.due(entry, now))
            return True
        self.doom(entry, reason, now)
        self.settle(now)
        return False

    def revived(self, token: Token, now: float) -> None:
        """A token was saved from the collector, and is not finalised again: a reference watches it.

        Its connection is not lent again.
        """
        entry = token.entry
        entry.expires = entry.fresh_until = NEVER
        if not self.doom_idle(token, "revived", now):
            entry.watch = weakref.ref(token, partial(self._lost_again, entry))

    def _lost_again(self, entry: Entry, reference: weakref.ref[Token]) -> None:
        finder = None if self._finder is None else self._finder()
        if finder is not None and not entry.gone:
            finder.orphaned(LostToken(Token(entry)))

    def replace(self, waiter: Waiter, entry: Entry, now: float, reason: str) -> None:
        """What a waiter was given turned out to be bad: it is the next to be served again."""
        self.doom(entry, reason, now)
        waiter.token = None
        self.readmit(waiter, now)

    def exchange(self, waiter: Waiter, token: Token, now: float, reason: str) -> None:
        """Give up a lent connection, closed by now, but not its room: the waiter opens another."""
        self.awaiting.add(waiter)
        refusal = self.refusal()
        if refusal is None and not self.breaker.allows(now, 0):
            refusal = self.resting(now)
        if token.entry.gone or refusal is not None:
            self.doom(token.entry, reason, now)
            if refusal is None:
                self.readmit(waiter, now)
            else:
                self.refuse(waiter, refusal)
                self.settle(now)
            return
        self.doom(token.entry, reason, now)
        self.make_room_for(waiter, now)

    def suspect(self, now: float) -> None:
        """A connection broke: idle ones, not used since, are probed before they are lent."""
        self.suspected_at = now
        for token in list(self.idle):
            token.entry.fresh_until = NEVER
        self.tell("suspected")

    # --- housekeeping ----------------------------------------------------------------------

    def reserve_room(self, waiter: Waiter, now: float) -> None:
        """Room for one more connection, if nobody waits for it; look at the waiter."""
        if self.line or self.closed or self.paused or not self.may_open(waiter, now):
            return
        self.awaiting.add(waiter)
        self.make_room_for(waiter, now)

    def take_this(self, waiter: Waiter, token: Token) -> bool:
        """Keep an idle connection from being lent for a moment; false when it just was."""
        if self.line or self.idle.pop(token, self) is self:
            return False
        waiter.token = token
        self.awaiting.add(waiter)
        return True

    def throw_away(self, token: Token, now: float, reason: str) -> None:
        """A connection that was idle turned out to be bad."""
        self.doom(token.entry, reason, now)
        self.suspect(now)
        self.settle(now)

    def release_room(self, waiter: Waiter, now: float) -> None:
        """What the housekeeper took becomes idle, or free again."""
        self.awaiting.pop(waiter, None)
        token = waiter.token
        if token is not None and token.entry.connection is None:
            self._let_go(waiter, token.entry)
        elif token is not None:
            self.put_back(waiter, token)
        self.settle(now)

    # --- control ---------------------------------------------------------------------------

    def resize(self, max_size: int, now: float) -> None:
        """Change the bound. Never waits: what is lent above it is closed when it comes back."""
        self.max_size = max_size
        self.gate = True
        self.settle(now)

    def pause(self, *, refuse: bool) -> None:
        """Lend nothing until :meth:`resume`; deadlines go on, returns are accepted."""
        self.paused = True
        self.pause_refuses = refuse
        self.gate = True

    def resume(self, now: float) -> None:
        """Lend again, to those who waited first."""
        self.paused = self.pause_refuses = False
        self.settle(now)

    def drain(self, now: float) -> None:
        """A new generation: idle connections are closed now, lent ones when they come back."""
        self.generation += 1
        self.outdated = True
        self.settle(now)

    def close(self, now: float) -> None:
        """Waiters and newcomers are refused; idle connections are closed, and later returns."""
        self.closed = True
        # Whoever passed the gate just before finds that what it took is of another generation.
        self.generation += 1
        self.gate = True
        self.settle(now)

    def abandon_held(self) -> list[Entry]:
        """Count off what is still lent, for a close that does not wait any longer."""
        held = [entry for entry in self.entries if entry not in self.opening and not entry.gone]
        for entry in held:
            self.forget(entry)
            self.counters.abandoned += 1
        return held
