"""What the faces of a pool share: the lock, and what has to be done outside it."""

from __future__ import annotations

import contextlib
import itertools
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from coffre.contract import SYSTEM_CLOCK, Clock, Connection
from coffre.pool import connections, forks
from coffre.pool.core import PoolCore
from coffre.pool.entries import NEVER, Entry, LostToken
from coffre.pool.errors import PoolDeadlockError
from coffre.pool.events import Listener
from coffre.pool.guard import SharedTotal, has_global_lock, new_guard
from coffre.pool.lease import Lease
from coffre.pool.serving import Serving
from coffre.pool.settings import PoolSettings

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("coffre.pool")

Opener = Callable[[], Connection]
"""Opens a connection: ``driver.connect`` with its parameters."""


LEAKED = "leaked"
"""Why a connection is closed that nobody gave back."""

_serials = itertools.count(1)


def shut(entry: Entry) -> None:
    """Close the connection of an entry, once."""
    if entry.connection is not None and not entry.shut:
        connections.close(entry.connection)
        entry.shut = True


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
        self._lock = new_guard() if total is None else total.lock
        self._notes: list[LostToken | Lease] = []  # a deque is ten times larger, and a pool has two
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
        """Run one operation of the core under the lock, then do what it left to be done.

        Raises:
            PoolDeadlockError: as :meth:`change_only` says.
        """
        if self._lock._is_owned():
            raise self._asked_inside()
        try:
            with self._lock:
                return self._repaired(operation, *given, **named)
        finally:
            if self._notes or self.core.doomed or self.core.events or self._total is not None:
                self.finish()

    def change_only(self, operation: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        """Run one operation of the core under the lock; :meth:`finish` is the caller's to call.

        Raises:
            PoolDeadlockError: asked in the middle of another one, by a finaliser or a signal
                handler: it would wait for itself.
        """
        if self._lock._is_owned():
            raise self._asked_inside()
        # A call, not a block: the first instruction of a `try` directly inside a `with` is covered
        # by neither (CPython 3.11), and an exception there would leave the lock taken.
        with self._lock:
            return self._repaired(operation, *given, **named)

    def is_inside(self) -> bool:
        """Whether this very thread is in the locked part: a finaliser, or a signal handler."""
        return self._lock._is_owned()

    def _asked_inside(self) -> PoolDeadlockError:
        return PoolDeadlockError(
            f"pool {self.name} was asked from inside of itself, by a finaliser or a signal "
            "handler that interrupted it"
        )

    def _repaired(self, operation: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        try:
            if self._notes:
                self._adopt()
            return operation(*given, **named)
        except BaseException:
            self.core.repair()
            self.core.settle(self.now())
            raise

    def settle(self) -> None:
        """Serve who can be served."""
        if self._lock._is_owned():
            self.note(Lease())  # whoever was interrupted settles once more
        else:
            self.change(self.core.settle, self.now())

    def _settle(self) -> None:
        self.core.settle(self.now())

    @property
    def unfinished(self) -> bool:
        """Whether there is something to be done outside the lock, or that got lost."""
        if self._notes or self.core.doomed:
            return True
        return self._total is not None and bool(self._with_doomed)

    @property
    def _with_doomed(self) -> Sequence[Serving]:
        """Pools with connections to be closed, among all those that share a bound."""
        return [pool for pool in self._together if pool.doomed]

    @property
    def _together(self) -> Sequence[Serving]:
        """This pool, and those that share its bound."""
        return [self.core] if self._total is None else self._total.rules.pools

    def finish(self) -> None:
        """What must not be done under the lock: closing connections, telling the listener."""
        while self._notes:
            self.change_only(self._settle)
            self._bring_home()
        while pools := self._with_doomed:
            for pool in pools:
                self._close_doomed(pool)
        if self.core.events:
            self._tell()

    # --- what finalisers leave to be done --------------------------------------------------------

    def orphaned(self, lost: LostToken) -> None:
        """A token was lost: a lease never given back, or a signal that struck. Of a finaliser."""
        if not lost.entry.foreign:
            self.note(lost)

    def note(self, note: LostToken | Lease) -> None:
        """Leave a lost token, or a lease to be given back, to the next one who comes by.

        A finaliser may run anywhere, inside the locked part of this very thread too: so this
        takes no lock and does no I/O. It leaves a note, and wakes those who wait.
        """
        self._notes.append(note)
        self.core.next_look = NEVER  # if nobody waits, the next return sees to it
        self._rouse()

    def _rouse(self) -> None:
        """Have everyone who waits look whether there is something to be finished."""
        for core in self._together:
            for waiter in list(core.awaiting):
                waiter.wake()

    def _adopt(self) -> None:
        core = self.core
        for lost in [note for note in self._notes if isinstance(note, LostToken)]:
            entry, token = lost.entry, lost()
            if token is not None:
                core.revived(token, self.now())
            elif not entry.gone:
                core.counters.leaks += 1
                core.tell("leak", entry.place)
                core.doom(entry, LEAKED, self.now())
            self._notes.remove(lost)

    def _bring_home(self) -> None:
        for lease in [note for note in self._notes if isinstance(note, Lease)]:
            with contextlib.suppress(ValueError):  # another thread does it
                self._notes.remove(lease)
                if not lease.returned:
                    lease.close()

    # --- outside the lock --------------------------------------------------------------------

    def _close_doomed(self, core: Serving) -> None:
        """Close what is not lent any more; its room is given to somebody else after that."""
        for entry in list(core.doomed):
            reason = core.doomed.get(entry, "")
            try:
                if core.doomed.pop(entry, None) is not None:  # else another thread closes it
                    if reason == LEAKED:
                        self._report_leak(entry)
                    shut(entry)
                    self.change_only(core.vacate, entry, self.now())
            except BaseException:
                core.doomed[entry] = reason
                self._rouse()  # who waits for the room goes on with it
                raise

    def _report_leak(self, entry: Entry) -> None:
        logger.warning(
            "pool %s: a connection was never given back; borrowed at %s",
            self.name,
            entry.place,
            extra={"pool": self.name, "event": "leak", "place": entry.place},
        )

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
                self.change_only(self.core.counters.count_listener_error)
                logger.debug("the listener of pool %s raised", self.name, exc_info=True)

    # --- forks -------------------------------------------------------------------------------

    def after_fork_in_child(self) -> None:
        """Start afresh, without a word on the sessions of the parent.

        Their waiters do not exist here, and the lock may be held by a thread that does not.
        """
        before = self.core
        inherited = [*before.entries, *before.doomed]
        for entry in inherited:
            entry.foreign = entry.gone = True
            entry.expires = NEVER  # a return takes the slow path, and is told
        self._begin()
        self.core.generation = before.generation + 1
        self.core.max_size = before.max_size
        if before.closed:
            self.core.close(self.now())
        for entry in inherited:  # last, as it is the driver's code
            if entry.connection is not None:
                connections.abandon(entry.connection)
