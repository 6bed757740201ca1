"""Admission: one stay inside a limit, as an object that any thread may close."""

from __future__ import annotations

from threading import get_ident
from typing import Protocol, Self

from coffre.pool.entries import Holder, Waiter
from coffre.pool.permits import Permit


class Leaving(Protocol):
    """What a stay needs of its limit."""

    def went(self, permit: Permit) -> None:
        """Somebody stopped using a permit that is recalled."""
        ...

    def note(self, left: Permit | Waiter | None) -> None:
        """The same, of a finaliser: takes no lock."""
        ...

    def settle(self) -> None:
        """Let in who can be let in, whatever was interrupted."""
        ...


class Admission:
    """One stay inside a limit, which any thread may end; twice is harmless. Dropped, it ends.

    In a block (``with limiter.enter():``) it is known that the thread that entered will leave:
    then a wait that could never end is told. Otherwise that is not known, and such a wait ends by
    its timeout.
    """

    # No __init__: attributes with defaults make the object in a fifth of the time of a call to it.
    limit: Leaving
    permit: Permit | None = None
    _became: Permit | None = None

    def use(self, permit: Permit) -> bool:
        """Be inside with a permit, unless it is recalled."""
        self.permit = permit
        permit.stays[id(self)] = False
        if permit.recalled:
            self.close()
            return False
        return True

    def become(self, member: Holder) -> None:
        """From now on it is a thread, or a task, that is inside; this is over."""
        permit, mark = self.permit, id(self)
        if permit is None:
            return
        count = permit.guests.get(member, 0)
        # Nothing is called from here on, so no signal comes in between.
        if permit.key == member:
            permit.depth, self._became = permit.depth + 1, permit
        else:
            permit.guests[member], self._became = count + 1, permit
        del permit.stays[mark]
        self.permit = None

    def undo(self, member: Holder) -> None:
        """Who was to be inside was refused, or interrupted, and is not."""
        if self._became is not None:
            self._became.leave(member)
            self._became = None
        self.close()

    def close(self) -> None:
        """Leave, from whatever thread."""
        permit = self.permit
        if permit is None:
            return
        try:
            permit.stays.pop(id(self), None)
            self.permit = None
            if permit.recalled:  # looked at after leaving: see permits.py
                self.limit.went(permit)
        except BaseException:
            self.limit.settle()
            raise

    def __enter__(self) -> Self:
        """Be inside; leave on leaving the block."""
        permit = self.permit
        if permit is not None and permit.key == get_ident():
            permit.stays[id(self)] = True
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""
        self.close()

    def __del__(self) -> None:
        permit = self.permit
        if permit is not None:
            permit.stays.pop(id(self), None)
            if permit.recalled:
                self.limit.note(permit)
