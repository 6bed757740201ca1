"""Permits of a limit: who has one, and who waits for one. No thread, no clock.

The rules are those for connections: a permit that comes back goes to whoever waits longest, and
one that gets lost (a signal between two instructions) gives its room back as it is collected.

Guarded by the limiter's lock, but for single operations on ``free`` and on a holder's own key
of ``held``, while the gate is open.
"""

from __future__ import annotations

import weakref
from typing import Protocol

from coffre.pool.entries import Holder, Waiter
from coffre.pool.line import Line


class Keeper(Protocol):
    """Takes permits back that were lost."""

    def lost(self, permit: Permit) -> None:
        """Called by a finaliser: takes no lock that it would have to wait for."""
        ...


class Permit:
    """The right of one holder to be inside. Whoever has the object has the right."""

    keeper: weakref.ref[Keeper] | None = None
    # A default of the class: one whose making was interrupted is finalised, too.

    def __init__(self, keeper: weakref.ref[Keeper]) -> None:
        """Free."""
        self.depth = 0
        """How often its holder has entered without leaving."""
        self.shared = False
        """Used by several threads, or left by another: ``depth`` only changes under the lock."""
        self.retired = False
        """Taken out by a smaller limit, or lost and replaced."""
        self.keeper = keeper

    def __del__(self) -> None:
        keeper = None if self.keeper is None else self.keeper()
        if keeper is not None and not self.retired:
            keeper.lost(self)


class Stay(Protocol):
    """Being inside once: that of a waiter who was admitted, or what a user closes."""

    holder: Holder | None
    admitted: bool


class Permits:
    """Free permits, holders and queue."""

    def __init__(self, size: int, keeper: Keeper, *, always_locked: bool = False) -> None:
        """So many free permits."""
        self.size = size
        self._keeper = weakref.ref(keeper)
        self._locked = always_locked
        self.free: dict[Permit, None] = {}
        self.held: dict[Holder, Permit] = {}
        self.line = Line()
        self.waiting: dict[Holder, list[Waiter]] = {}
        """Those in line, by holder: members of one party are admitted together."""
        self.gate = always_locked
        """Whether everyone must take the lock."""
        self.paused = False
        self.made = 0
        """Permits that exist: free, held, or on their way."""
        self.settle()

    # --- in and out --------------------------------------------------------------------------

    def come(self, waiter: Waiter) -> None:
        """Somebody wants in: admitted, if its holder is inside, or there is room and no line.

        Otherwise it goes to the end of the line. Look at the waiter.
        """
        permit = self.held.get(waiter.holder)
        if permit is not None:
            self._let_in(waiter, permit)
            return
        self.line.join(waiter)
        self.waiting.setdefault(waiter.holder, []).append(waiter)
        # Published before the free permits are looked at: who leaves does it the other way round.
        self.gate = True
        self.settle()

    @staticmethod
    def _let_in(waiter: Waiter, permit: Permit) -> None:
        permit.shared = True
        # One assignment: who is interrupted either counts, and can be counted off, or does not.
        permit.depth, waiter.admitted = permit.depth + 1, True

    def leave(self, stay: Stay) -> None:
        """Leave once; harmless for a stay that is over, and for one who is not inside."""
        permit = self.held.get(stay.holder)
        if permit is None or not stay.admitted:
            stay.admitted = False
            return
        permit.depth, stay.admitted = permit.depth - 1, False
        if permit.depth > 0:
            return
        del self.held[stay.holder]
        self.free[permit] = None
        # Under the lock the gate says exactly whether there is anything to settle.
        if self.gate:
            self.settle()

    def give_up(self, waiter: Waiter) -> None:
        """Somebody stopped waiting; what it was given goes to the next."""
        self.line.leave(waiter)
        self._wait_no_more(waiter)
        self.leave(waiter)
        self.settle()

    def repair(self) -> None:
        """Put straight whatever an exception in the middle of a change left half done."""
        for companions in list(self.waiting.values()):
            for waiter in list(companions):
                if waiter.admitted:
                    self.line.leave(waiter)
                    self._wait_no_more(waiter)
                waiter.wake()
        for key, permit in list(self.held.items()):
            if permit.depth <= 0:
                del self.held[key]
                self.free[permit] = None
        self.settle()

    def _wait_no_more(self, waiter: Waiter) -> None:
        companions = self.waiting.get(waiter.holder, [])
        if waiter in companions:
            companions.remove(waiter)
        if not companions:
            self.waiting.pop(waiter.holder, None)

    # --- serving -----------------------------------------------------------------------------

    def settle(self) -> None:
        """Give what is free to those who wait, in their order."""
        self.gate = True
        self._adjust()
        while not self.paused and (head := self.line.head()) is not None:
            if head.holder not in self.held and not self._take(head.holder):
                break
            self._admit(head)
        self.gate = bool(self._locked or self.line or self.paused or self.made > self.size)

    def _take(self, key: Holder) -> bool:
        try:
            permit, _ = self.free.popitem()
        except KeyError:
            return False
        permit.depth = 0
        self.held[key] = permit
        return True

    def _adjust(self) -> None:
        """Make or retire permits. What is held above the size is a debt, paid as it comes back."""
        while self.made < self.size:
            self.made += 1
            self.free[Permit(self._keeper)] = None
        while self.made > self.size and self.free:
            try:
                permit, _ = self.free.popitem()
            except KeyError:
                break
            permit.retired = True
            self.made -= 1

    def _admit(self, head: Waiter) -> None:
        """Let the head in, and with it everyone of its party: they are one holder."""
        permit = self.held[head.holder]
        self.line.served(head)
        for waiter in list(self.waiting.get(head.holder, [head])):
            self._let_in(waiter, permit)
            self.line.leave(waiter)
            waiter.wake()
        self.waiting.pop(head.holder, None)
