"""What the faces of a pool share: the lock, and what has to be done outside it."""

from __future__ import annotations

import itertools
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from coffre.contract import SYSTEM_CLOCK, Clock, Connection
from coffre.pool import connections, forks
from coffre.pool.core import PoolCore
from coffre.pool.entries import NEVER, Entry
from coffre.pool.events import Listener
from coffre.pool.serving import Serving
from coffre.pool.settings import PoolSettings
from coffre.pool.total import Total

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("coffre.pool")

Opener = Callable[[], Connection]
"""Opens a connection: ``driver.connect`` with its parameters."""


_serials = itertools.count(1)


class SharedTotal:
    """A bound on the connections of several pools, with the lock that they share."""

    def __init__(self, max_total: int) -> None:
        """Bound to give to the pools of one driver."""
        self._max_total = max_total
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self.rules = Total(self._max_total)
        self.lock = threading.Lock()

    def here(self) -> SharedTotal:
        """Itself, made anew by the first pool that asks in the child of a fork."""
        if self._process != os.getpid():
            self._begin()
        return self


def shut(entry: Entry) -> None:
    """Close the connection of an entry, once."""
    if entry.connection is not None and not entry.shut:
        connections.close(entry.connection)
        entry.shut = True


def has_global_lock() -> bool:
    """Whether this interpreter makes single operations on a dictionary sequentially consistent."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return True if enabled is None else bool(enabled())


class PoolBase:
    """A core, its lock, and the work that an operation leaves to be done outside it."""

    def __init__(
        self,
        opener: Opener,
        settings: PoolSettings | None = None,
        *,
        name: str = "pool",
        clock: Clock = SYSTEM_CLOCK,
        listener: Listener | None = None,
        total: SharedTotal | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Make an empty pool; nothing is opened, and no thread is started.

        Args:
            opener: opens one connection; called outside every lock, by the caller that needs it.
            settings: how it behaves.
            name: for messages, events and metrics.
            clock: only its monotonic time is used.
            listener: told of events.
            total: bound shared with other pools.
            chance: source of jitter, from 0 up to 1.
        """
        self.opener = opener
        self.settings = settings or PoolSettings()
        self.name = name
        # The system clock's own method, without a call in between: this is the fast path.
        self.now: Callable[[], float] = time.monotonic if clock is SYSTEM_CLOCK else clock.monotonic
        self.look_after = self.settings.look_after
        self._listener = listener
        self._total = total
        self._chance = chance
        self._warned_nested = False
        self.serial = next(_serials)
        """Age among the pools of the process: connections of several are taken in this order."""
        self._begin()
        forks.remember(self)

    def _begin(self) -> None:
        total = None if self._total is None else self._total.here()
        self._lock = threading.Lock() if total is None else total.lock
        self._orphans: list[Entry] = []  # a deque is ten times larger, and a pool has two
        self.core = PoolCore(
            self.name,
            self.settings,
            chance=self._chance,
            total=None if total is None else total.rules,
            always_locked=not has_global_lock(),
            finder=self,
        )
        if self._listener is not None:
            self.core.listening = True
        if total is not None:
            with self._lock:
                total.rules.join(self.core)

    # --- operations on the core --------------------------------------------------------------

    def change(self, operation: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        """Run one operation of the core under the lock, then do what it left to be done."""
        try:
            with self._lock:
                return self._repaired(operation, *given, **named)
        finally:
            if self._orphans or self.core.doomed or self.core.events or self._total is not None:
                self.finish()

    def change_only(self, operation: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        """Run one operation of the core under the lock; :meth:`finish` is the caller's to call."""
        # A call, not a block: the first instruction of a `try` directly inside a `with` is covered
        # by neither (CPython 3.11), and an exception there would leave the lock taken.
        with self._lock:
            return self._repaired(operation, *given, **named)

    def _repaired(self, operation: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        try:
            if self._orphans:
                self._adopt()
            return operation(*given, **named)
        except BaseException:
            self.core.repair()
            self.core.settle(self.now())
            raise

    def settle(self) -> None:
        """Serve who can be served."""
        self.change(self._settle)

    def _settle(self) -> None:
        self.core.settle(self.now())

    @property
    def unfinished(self) -> bool:
        """Whether there are connections to be closed, or leases that got lost."""
        return bool(self._orphans or self.core.doomed or (self._total and self._elsewhere_doomed))

    @property
    def _elsewhere_doomed(self) -> Sequence[Serving]:
        """Pools with connections to be closed, among all those that share a bound."""
        pools = [self.core] if self._total is None else self._total.rules.pools
        return [pool for pool in pools if pool.doomed]

    def finish(self) -> None:
        """What must not be done under the lock: closing connections, telling the listener."""
        if self._orphans:  # a finaliser ran while the lock was taken
            self.change_only(self._settle)
        while pools := self._elsewhere_doomed:
            for pool in pools:
                self._close_doomed(pool)
        if self.core.events:
            self._tell()

    # --- leases that nobody gave back ----------------------------------------------------------

    def orphaned(self, entry: Entry) -> None:
        """A token was lost: a lease never given back, or a signal that struck. Of a finaliser.

        It may run anywhere, inside the locked part of this very thread too: so it takes no lock
        and does no I/O. It leaves a note, and wakes those who wait: they see to it.
        """
        if entry.foreign:
            return
        self._orphans.append(entry)
        self.core.next_look = NEVER  # if nobody waits, the next return sees to it
        self._rouse()

    def _adopt(self) -> None:
        core = self.core
        while self._orphans:
            entry = self._orphans[0]
            if entry in core.entries:
                core.counters.leaks += 1
                core.tell("leak", entry.place)
                core.doom(entry, "leaked", self.now())
                logger.warning(
                    "pool %s: a connection was never given back; borrowed at %s",
                    self.name,
                    entry.place,
                    extra={"pool": self.name, "event": "leak", "place": entry.place},
                )
            del self._orphans[0]

    # --- outside the lock --------------------------------------------------------------------

    def _close_doomed(self, core: Serving) -> None:
        """Close what is not lent any more; its room is given to somebody else after that."""
        for entry in list(core.doomed):
            reason = core.doomed.get(entry, "")
            try:
                if core.doomed.pop(entry, None) is not None:  # else another thread closes it
                    shut(entry)
                    self.change_only(core.vacate, entry, self.now())
            except BaseException:
                core.doomed[entry] = reason
                self._rouse()  # who waits for the room goes on with it
                raise

    def _rouse(self) -> None:
        """Have everyone who waits look whether there is something to be finished."""
        for core in [self.core] if self._total is None else self._total.rules.pools:
            for waiter in list(core.awaiting):
                waiter.wake()

    def _tell(self) -> None:
        events = self.core.events
        while events and self._listener is not None:
            try:
                event = events.pop(0)
            except IndexError:  # another thread told it
                return
            try:
                self._listener(event)
            except Exception:
                self.core.counters.listener_errors += 1
                logger.debug("the listener of pool %s raised", self.name, exc_info=True)

    # --- forks -------------------------------------------------------------------------------

    def after_fork_in_child(self) -> None:
        """Start afresh, without a word on the sessions of the parent.

        Their waiters do not exist here, and the lock may be held by a thread that does not.
        """
        before = self.core
        for entry in [*before.entries, *before.doomed]:
            entry.foreign = entry.gone = True
            if entry.connection is not None:
                connections.abandon(entry.connection)
        generation = before.generation + 1
        closed = before.closed
        self._begin()
        self.core.generation = generation
        self.core.max_size = before.max_size
        if closed:
            self.core.close(self.now())
