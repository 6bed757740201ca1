"""A bound on the connections of several pools together: those of one driver to its offers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from coffre.pool.entries import Token, Waiter

if TYPE_CHECKING:
    from coffre.pool.serving import Serving


class Total:
    """Pools that share one lock and one bound, and are served in one order.

    When the bound is reached, the connection that was idle longest in another pool makes room;
    when none is idle, the next one returned anywhere does, if its own pool has nobody older.
    It is closed by the caller that needs its room, or by the one who returns it, before another
    is opened.
    """

    def __init__(self, max_total: int) -> None:
        """No pool yet; at most so many connections in all of them."""
        self.max_total = max_total
        self.pools: list[Serving] = []
        self.starving = False
        """Whether somebody waits for room that another pool may have to give."""
        self._tickets = itertools.count(1)
        self._settling = False

    def ticket(self) -> int:
        """Place in the order of all pools together."""
        return next(self._tickets)

    def join(self, pool: Serving) -> None:
        """One more pool; those that nobody has any more are forgotten, once they hold nothing."""
        self.pools = [one for one in self.pools if one.entries or not one.deserted]
        self.pools.append(pool)

    @property
    def count(self) -> int:
        """Connections in all pools, those being opened or closed included."""
        return sum(len(pool.entries) for pool in self.pools)

    @property
    def closing(self) -> int:
        """Those among them that are being closed."""
        return sum(len(pool.closing) for pool in self.pools)

    def make_room(self, asking: Serving, head: Waiter, now: float) -> bool:
        """Whether one more may be opened; closes what another pool has had idle for longest."""
        if self._older_claim(asking, head, now):
            return False
        while self.count >= self.max_total:
            if self.count - self.closing < self.max_total:
                return False  # its room is on its way: whoever closes that connection settles
            found = self._longest_idle(asking) or self._starve(asking)
            if found is None:
                return False
            pool, token = found
            pool.doom_idle(token, "made-room", now)
        return True

    def _starve(self, asking: Serving) -> tuple[Serving, Token] | None:
        """Have every return of every pool be seen from now on, then look once more.

        In this order: who returns looks at the gate after it has published what it returns.
        """
        self.starving = True
        for pool in self.pools:
            pool.gate = True
        return self._longest_idle(asking)

    def _longest_idle(self, asking: Serving) -> tuple[Serving, Token] | None:
        idle = [
            (pool, token) for pool in self.pools if pool is not asking for token in list(pool.idle)
        ]
        return min(idle, key=lambda found: found[1].entry.returned, default=None)

    def yields(self, pool: Serving, head: Waiter, now: float) -> bool:
        """Whether an idle connection must go, because an older waiter elsewhere needs its room."""
        return self.count >= self.max_total and self._older_claim(pool, head, now)

    def _older_claim(self, pool: Serving, head: Waiter, now: float) -> bool:
        return any(
            self._claims(other, now) < head.ticket for other in self.pools if other is not pool
        )

    @staticmethod
    def _claims(pool: Serving, now: float) -> float:
        """Ticket of the one who waits there for nothing but the total; infinite if none."""
        head = pool.line.head()
        blocked = (
            head is None
            or pool.paused
            or len(pool.entries) >= pool.max_size
            or len(pool.opening) >= pool.settings.max_opening
            or not pool.breaker.allows(now, len(pool.opening))
        )
        return float("inf") if head is None or blocked else head.ticket

    def settle_all(self, now: float) -> None:
        """After a change in one pool: what it freed goes to the oldest claim of any pool."""
        if self._settling:
            return
        self._settling = True
        try:
            self._settle(now)
        finally:
            self._settling = False

    def _settle(self, now: float) -> None:
        for _ in self.pools:  # one pool may have made room for another that had its turn
            waiting = [pool for pool in self.pools if pool.line]
            for pool in sorted(waiting, key=lambda one: self._claims(one, now)):
                pool.settle(now)
            self.starving = any(self._claims(pool, now) < float("inf") for pool in self.pools)
            if not self.starving or self.count >= self.max_total:
                break
        for pool in self.pools:
            pool.regate()
