"""How a pool is looked at: who holds what, who could end a wait, how it is doing."""

from __future__ import annotations

import threading

from coffre.pool.base import PoolBase
from coffre.pool.deadlock import name_of
from coffre.pool.entries import Holder, place_of
from coffre.pool.events import HeldLease, PoolSnapshot


class Looking(PoolBase):
    """The questions that a pool answers about itself."""

    def blockers(self) -> list[Holder] | None:
        """Who could end a wait here by giving back; ``None`` when something else could, too."""
        core = self.core
        if core.opening or core.idle or core.paused or core.closed:
            return None
        if core.total is not None or len(core.entries) < core.max_size:
            return None  # room may come from elsewhere, or with time
        holders = [entry.holder for entry in list(core.entries)]  # on its way, or ending: None
        return None if None in holders else [one for one in holders if one is not None]

    def holders(self) -> list[str]:
        """Who holds connections, and where they were borrowed, as sentences."""
        return [
            f"{lease.holder} since {lease.age:.1f} s, borrowed at {lease.place}"
            for lease in self._held(self.now())
        ]

    def _held(self, now: float) -> list[HeldLease]:
        core = self.core
        # Once for all of them: with many threads it takes long.
        names: dict[Holder | None, str] = {
            thread.ident: thread.name for thread in threading.enumerate()
        }
        return [
            HeldLease(
                holder=names.get(entry.holder) or name_of(entry.holder),
                place=place_of(entry.code, entry.instruction),
                age=max(now - entry.taken, 0.0),
            )
            for entry in list(core.entries)
            if entry.code is not None and not entry.gone
        ]

    def snapshot(self) -> PoolSnapshot:
        """The pool at this moment, consistent in itself."""
        if self._notes:
            self.finish()
        return self.change(self._snapshot)

    def _snapshot(self) -> PoolSnapshot:
        core, now = self.core, self.now()
        counters = core.counters
        since = min((waiter.since for waiter in core.line), default=now)
        resting = "open" if core.breaker.refuses(now) else "half-open"
        return PoolSnapshot(
            name=self.name,
            max_size=core.max_size,
            held=core.held,
            idle=len(core.idle),
            opening=len(core.opening),
            closing=len(core.closing),
            waiting=len(core.line),
            oldest_wait=now - since,
            generation=core.generation,
            paused=core.paused,
            closed=core.closed,
            breaker=resting if core.breaker.resting else "closed",
            checkouts=core.checkouts(),
            opened=counters.opened,
            failed=counters.failed,
            late=counters.late,
            abandoned=counters.abandoned,
            timed_out=counters.timed_out,
            cancelled=counters.cancelled,
            leaks=counters.leaks,
            trips=core.breaker.trips,
            listener_errors=counters.listener_errors,
            closed_by_reason=dict(counters.closed),
            refused=dict(counters.refused),
            waits=tuple(counters.waits),
            leases=tuple(self._held(now)),
        )
