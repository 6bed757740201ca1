"""Permits of a limit: who has one, and who waits for one. No thread, no clock.

A permit belongs to one holder for as long as nobody else needs it. A holder that leaves keeps
it, *parked*, so that coming again is one look into a dictionary. When somebody has to wait, the
gate is shut and every permit is recalled, for good: parked ones are taken back at once, the others
when their holders leave, and what is free goes to whoever waits longest.

Whoever comes or goes takes no lock, and meets whoever recalls permits by an old rule: each writes
first, then looks at what the other wrote, so that at least one of them sees the other.

=========  ======================  ============================================================
who        writes                  then looks
=========  ======================  ============================================================
comes      that it uses a permit   whether it is recalled: then it undoes that, and queues
goes       that it does not        whether it is recalled: then it gives it back under the lock
recalls    that it is recalled     whether it is in use: then it is left to who uses it
=========  ======================  ============================================================

A permit that was taken back is never used again: who looked it up before cannot do harm.

Everything here is called under the limiter's lock, but for the methods of :class:`Permit`.

Source: E. W. Dijkstra, "Cooperating Sequential Processes", 1965 (T. J. Dekker's solution).
"""

from __future__ import annotations

from coffre.contract import OfferError
from coffre.pool.entries import Holder, Waiter
from coffre.pool.line import Line


class Permit:
    """The right of one holder to be inside, used or parked.

    Every count has one writer, and everything else is single operations on a dictionary: what is
    noted here needs no lock.
    """

    __slots__ = ("depth", "guests", "key", "recalled", "stays")

    def __init__(self, key: Holder, *, recalled: bool = False) -> None:
        """Parked.

        Args:
            key: its holder.
            recalled: not to be parked.
        """
        self.key = key
        self.depth = 0
        """How often its holder entered for itself without leaving; only the holder writes it."""
        self.guests: dict[Holder, int] = {}
        """The same for other members of its party; each writes its own."""
        self.stays: dict[int, bool] = {}
        """Stays that any thread may end, and waiters that were let in, by ``id``: whether it is
        known that the holder itself will end it."""
        self.recalled = recalled
        """To be given back by who leaves last; never undone."""

    @property
    def used(self) -> bool:
        """Whether its holder is inside."""
        return self.depth > 0 or bool(self.stays) or bool(self.guests)

    @property
    def known(self) -> bool:
        """Whether nobody but its holder can end its use."""
        return not self.guests and all(list(self.stays.values()))

    def leave(self, member: Holder) -> bool:
        """One entry of a member less; whether it had one."""
        guests = self.guests
        count = guests.get(member, 0)
        # Nothing is called from here on, so no signal comes in between.
        if member == self.key:
            if self.depth <= 0:
                return False
            self.depth -= 1
        elif count > 1:
            guests[member] = count - 1
        elif count == 1:
            del guests[member]
        else:
            return False
        return True


class Permits:
    """Holders and queue."""

    def __init__(self, size: int, *, always_locked: bool = False) -> None:
        """Nobody is inside."""
        self.size = size
        self._locked = always_locked
        self.held: dict[Holder, Permit] = {}
        """Every permit there is, used or parked."""
        self.line = Line()
        self.waiting: dict[Holder, list[Waiter]] = {}
        """Those in line, by holder: members of one party are admitted together."""
        self.paused = False
        self.gate = always_locked
        """Whether no permit is parked: somebody waits, or there are too many. While it is shut,
        every permit is recalled."""

    # --- in and out --------------------------------------------------------------------------

    def room(self, key: Holder) -> Permit | None:
        """A parked permit for who comes, if there is room and nobody waits."""
        if self.gate or len(self.held) >= self.size:
            return None
        return self.held.setdefault(key, Permit(key))

    def come(self, waiter: Waiter) -> None:
        """Somebody wants in: admitted, if its holder is inside, or there is room and no line.

        Otherwise it goes to the end of the line. Look at the waiter.
        """
        permit = self.held.get(waiter.holder)
        if permit is not None:
            if permit.used or not permit.recalled:
                self._let_in(waiter, permit)
                return
            del self.held[waiter.holder]
        self.line.join(waiter)
        self.waiting.setdefault(waiter.holder, []).append(waiter)
        self._shut()
        self.serve()

    @staticmethod
    def _let_in(waiter: Waiter, permit: Permit) -> None:
        stays, mark = permit.stays, id(waiter)
        # One assignment: who is interrupted either was let in, or was not.
        stays[mark], waiter.admitted = False, True

    def leave(self, permit: Permit) -> None:
        """Somebody does not use a permit any more: it goes to the next."""
        self._recall(permit)
        self.serve()

    def refuse(self, waiter: Waiter, error: OfferError) -> None:
        """Somebody is not let in: it waits no more."""
        waiter.refusal = error
        self.give_up(waiter)

    def give_up(self, waiter: Waiter) -> None:
        """Somebody stopped waiting; what it was given goes to the next."""
        self.line.leave(waiter)
        self._wait_no_more(waiter)
        permit = self.held.get(waiter.holder)
        if permit is not None:
            permit.stays.pop(id(waiter), None)
            waiter.admitted = False
            if permit.recalled:
                self._recall(permit)
        self.serve()

    def _wait_no_more(self, waiter: Waiter) -> None:
        companions = self.waiting.get(waiter.holder, [])
        if waiter in companions:
            companions.remove(waiter)
        if not companions:
            self.waiting.pop(waiter.holder, None)

    # --- governing ---------------------------------------------------------------------------

    def pause(self) -> None:
        """Let nobody in who is not inside."""
        self.paused = True
        self._shut()

    def resume(self) -> None:
        """Let in again, those who waited first."""
        self.paused = False
        self.serve()

    def resize(self, size: int) -> None:
        """Change the limit. What is held above it is a debt, paid as it comes back."""
        self.size = size
        if len(self.held) > size:
            self._shut()
        self.serve()

    def repair(self) -> None:
        """Put straight whatever an exception in the middle of a change left half done."""
        for companions in list(self.waiting.values()):
            for waiter in list(companions):
                if waiter.admitted:
                    self.line.leave(waiter)
                    self._wait_no_more(waiter)
                waiter.wake()
        self.gate = False
        self._shut()
        self.serve()

    # --- serving -----------------------------------------------------------------------------

    def _shut(self) -> None:
        """Have nobody keep a permit that it does not use."""
        if not self.gate:
            self.gate = True
            for permit in list(self.held.values()):
                self._recall(permit)

    def _recall(self, permit: Permit) -> None:
        permit.recalled = True
        if not permit.used and self.held.get(permit.key) is permit:
            del self.held[permit.key]

    def serve(self) -> None:
        """Give what is free to those who wait, in their order."""
        while not self.paused and (head := self.line.head()) is not None:
            permit = self.held.get(head.holder)
            if permit is None:
                if len(self.held) >= self.size:
                    break
                permit = Permit(head.holder, recalled=True)
                self.held[head.holder] = permit
            self._admit(head, permit)
        self.gate = bool(self._locked or self.line or self.paused or len(self.held) > self.size)

    def _admit(self, head: Waiter, permit: Permit) -> None:
        """Let the head in, and with it everyone of its party: they are one holder."""
        companions = list(self.waiting.get(head.holder, [head]))
        for waiter in companions:  # before they leave the line: see repair
            self._let_in(waiter, permit)
        self.line.served(head)
        for waiter in companions:
            self.line.leave(waiter)
            waiter.wake()
        self.waiting.pop(head.holder, None)
