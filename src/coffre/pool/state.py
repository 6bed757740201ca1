"""What a pool consists of, and how it is put straight after an interruption.

No I/O, no thread, no clock. Everything here is guarded by the lock of the face, but for two
things that the fast path touches without it: ``idle`` (one atomic ``popitem``, one atomic
insertion) and the reading of ``gate``, ``generation`` and ``next_look``.

Truth is where a token *is*. Numbers are counted from there, so that there is none to correct
after a ``KeyboardInterrupt`` in the middle of a change: see :meth:`PoolState.repair`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from coffre.pool.breaker import Breaker
from coffre.pool.entries import Awaiting, Entry, Finder, Token, Waiter
from coffre.pool.events import Counters, PoolEvent
from coffre.pool.line import Line
from coffre.pool.pace import Pace
from coffre.pool.settings import PoolSettings

if TYPE_CHECKING:
    from coffre.pool.total import Total


class PoolState:
    """Entries, queue, gate and counters of one pool."""

    # Of the class, until they are true: an object of thirty attributes takes a kilobyte more.
    paused = False
    pause_refuses = False
    closed = False
    listening = False
    alarmed = False
    """Whether the head of the queue looks again by itself, or did so until now."""

    def __init__(
        self,
        name: str,
        settings: PoolSettings,
        *,
        chance: Callable[[], float],
        total: Total | None = None,
        always_locked: bool = False,
        finder: Finder | None = None,
    ) -> None:
        """An empty pool.

        Args:
            name: for events and messages.
            settings: how it behaves.
            chance: source of jitter, from 0 up to 1.
            total: bound shared with the pools of other offers.
            always_locked: never let the fast path in; for interpreters without a global lock.
            finder: told of lost tokens; not kept alive.
        """
        self.name = name
        self.settings = settings
        self.max_size = settings.max_size
        self.chance = chance
        self.total = total
        self.locked = always_locked or settings.reuse == "fifo"
        self.entries: dict[Entry, Entry] = {}
        """Every entry there is: being opened, idle, lent, or being closed, as a service counts
        sessions. A set, written by assignment."""
        self.opening: dict[Entry, Entry] = {}
        """Those being opened, oldest first."""
        self.idle: dict[Token, None] = {}
        """Those that can be lent, the one returned last at the end. A dictionary, because a
        token comes back by one assignment, ``idle[token] = lease.token = None``, in which the
        interpreter lets no signal between the two targets, as it would after a call."""
        self.drawn: Token | None = None
        """One on its way from the idle stack to a waiter; nobody's for as long as it is here."""
        self._finder = None if finder is None else weakref.ref(finder)
        self.closing: dict[Entry, str] = {}
        """Those that are not lent any more, and why. They keep their room until they are closed,
        or an offer of at most eight sessions would be asked for a ninth."""
        self.doomed: dict[Entry, str] = {}
        """Connections to be closed, outside the lock, by whoever takes them out of here."""
        self.line = Line()
        self.awaiting = Awaiting()
        """Waiters that have not collected their outcome yet, those in line included. Not kept
        alive: a waiter that nobody has any more loses its token, which is found."""
        self.watchers: list[Waiter] = []
        """Woken when nothing is lent any more."""
        self.breaker = Breaker(settings, chance)
        self.generation = 0
        self.outdated = False
        """Whether there may be entries of an older generation."""
        self.suspected_at = float("-inf")
        """Idle entries not used since are probed before they are lent."""
        self.gate = self.locked
        """Whether everyone must take the lock: somebody waits, or something is out of the usual."""
        self.next_look = float("inf")
        """When an idle entry may have become too old."""
        self.pace = Pace() if settings.shed_hopeless else None
        self.tickets = 0
        self.counters = Counters()
        self.events: list[PoolEvent] = []

    # --- counting --------------------------------------------------------------------------

    @property
    def held(self) -> int:
        """Connections lent, or on their way between owners."""
        return max(self.usable - len(self.opening) - len(self.idle), 0)

    @property
    def usable(self) -> int:
        """Connections there are or soon will be, those that are being closed not counted."""
        return len(self.entries) - len(self.closing)

    @property
    def alive(self) -> bool:
        """Whether there is a connection that could come back."""
        return self.usable > len(self.opening)

    @property
    def deserted(self) -> bool:
        """Whether the face was collected: nobody can borrow here any more."""
        return self._finder is not None and self._finder() is None

    @property
    def quiet(self) -> bool:
        """Whether nothing is lent, and nothing is being opened or closed."""
        return len(self.entries) <= len(self.idle)

    def checkouts(self) -> int:
        """Loans so far: each entry counted its own."""
        return self.counters.retired_uses + sum(entry.uses for entry in list(self.entries))

    def regate(self) -> None:
        """Open the fast path when nothing speaks against it."""
        self.gate = bool(
            self.locked
            or self.line
            or self.closed
            or self.paused
            or (len(self.entries) > self.max_size and self.usable > self.max_size)
            or (self.total is not None and self.total.starving)
        )

    def tell(self, kind: str, detail: str = "", seconds: float | None = None) -> None:
        """Keep an event for the listener, if there is one."""
        if self.listening:
            self.events.append(PoolEvent(kind=kind, pool=self.name, detail=detail, seconds=seconds))

    # --- leaving the pool ------------------------------------------------------------------

    def doom(self, entry: Entry, reason: str, now: float) -> None:
        """An entry is not lent any more, and its connection is to be closed. Its owner lets it go.

        One that is gone already was closed, or abandoned, then.
        """
        if entry.gone:
            return
        entry.holder = None  # it blocks nobody
        if entry.connection is None:
            self.forget(entry)
        elif entry.shut:
            self.forget(entry, reason)
        else:
            entry.taken = now
            self.doomed[entry] = self.closing[entry] = reason
            entry.gone = True

    def doom_idle(self, token: Token, reason: str, now: float) -> bool:
        """As :meth:`doom`, of an idle entry; false if the fast path has just lent it."""
        try:
            del self.idle[token]
        except KeyError:
            return False
        self.doom(token.entry, reason, now)
        return True

    def forget(self, entry: Entry, reason: str | None = None) -> None:
        """An entry is no more; forgetting twice is harmless."""
        entry.gone = True
        self.opening.pop(entry, None)
        self.closing.pop(entry, None)
        if self.entries.pop(entry, None) is None:
            return
        self.counters.retired_uses += entry.uses
        if reason is not None:
            closed = self.counters.closed
            closed[reason] = closed.get(reason, 0) + 1
            self.tell("closed", reason)

    # --- after an interruption --------------------------------------------------------------

    def repair(self) -> None:
        """Put straight whatever an exception in the middle of a change left half done.

        Every change first moves a token, then updates what follows from it; this updates the
        rest again, and wakes everyone to see for themselves.
        """
        drawn = self.drawn
        if drawn is not None:
            self.idle[drawn] = self.drawn = None
        for entry in [entry for entry in self.doomed if entry in self.entries]:
            self.closing[entry] = self.doomed[entry]
            entry.gone = True
        for entry in [entry for entry in self.entries if entry.gone and entry not in self.closing]:
            self.forget(entry)
        self.opening = {entry: entry for entry in self.entries if entry.connection is None}
        # The youngest first, as each goes to the head of its lane.
        for waiter in sorted(self.awaiting, key=lambda one: one.ticket, reverse=True):
            self._repair(waiter)
        self.gate = True

    def _repair(self, waiter: Waiter) -> None:
        entry = None if waiter.token is None else waiter.token.entry
        # Not one that is being opened: should it have lost its room, it is told as it comes.
        if entry is not None and entry.connection is not None and entry.gone:
            waiter.token = None
        if waiter.settled:
            self.line.leave(waiter)
        elif waiter not in self.line:
            self.line.rejoin(waiter)
        waiter.wake()
