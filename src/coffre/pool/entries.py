"""Entries and waiters: the two kinds of things whose places a pool keeps track of.

An entry has exactly one owner at any moment: whoever has its *token*, be it the idle stack, a
waiter, or a lease. A token that gets lost, because a signal struck between two instructions or
because nobody gave a lease back, says so as it is collected: a place can not be lost with it.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from types import CodeType
from typing import TYPE_CHECKING, Protocol

from coffre.pool.settings import Lane

if TYPE_CHECKING:
    from coffre.contract import Connection, OfferError

NEVER = float("-inf")
"""A moment that is always past."""

Holder = object
"""Who holds or waits: a thread's ident, a task; ``None`` when it cannot be told."""


class Entry:
    """One connection of a pool, or the room for one that is being opened.

    Compared and hashed by identity.
    """

    __slots__ = (
        "born",
        "code",
        "connection",
        "expires",
        "foreign",
        "fresh_until",
        "generation",
        "gone",
        "holder",
        "instruction",
        "reported",
        "returned",
        "shut",
        "taken",
        "uses",
        "watch",
    )

    def __init__(self, generation: int, now: float) -> None:
        """Room for a connection, whose opening begins now."""
        self.connection: Connection | None = None
        self.generation = generation
        self.born = now
        self.expires = NEVER
        """When it is too old to be lent; drawn once, at opening."""
        self.fresh_until = NEVER
        """Until when it may be lent without a look: neither expired nor idle for long."""
        self.returned = now
        self.taken = now
        """When it was lent, or last used since."""
        self.uses = 0
        """How often it was lent: each entry counts its own, and one owner at a time needs no
        lock to count (sqlalchemy#13410)."""
        self.holder: Holder | None = None
        self.code: CodeType | None = None
        self.instruction = -1
        """With ``code``, the place that borrowed it; turned into a line when it is reported."""
        self.foreign = False
        """Opened by the process that this one was forked from."""
        self.shut = False
        """Its connection is closed."""
        self.reported = 0
        """Number of the loan that was reported as a leak already."""
        self.watch: object = None
        """Keeps a weak reference to a token that is not finalised again."""
        self.gone = False
        """Not lent any more."""

    @property
    def place(self) -> str:
        """``file:line in function`` that borrowed it."""
        return place_of(self.code, self.instruction)


class Finder(Protocol):
    """Takes care of entries whose token was lost."""

    def orphaned(self, lost: LostToken) -> None:
        """Called by a finaliser: takes no lock that it would have to wait for."""
        ...


class Token:
    """Whoever has it owns the entry: there is exactly one for each."""

    finder: weakref.ref[Finder] | None = None
    # A default of the class: one whose making was interrupted is finalised, too.

    def __init__(self, entry: Entry, finder: weakref.ref[Finder] | None = None) -> None:
        """Of an entry; a lost one is reported to the finder."""
        self.entry = entry
        self.finder = finder

    def __del__(self) -> None:
        if self.finder is not None and not self.entry.gone:
            finder = self.finder()
            if finder is not None:  # else the whole pool is being collected
                finder.orphaned(LostToken(self))


class LostToken(weakref.ref[Token]):
    """A token that is gone, unless it was saved in the last moment.

    Of a circle that it is about to clear, the collector calls every ``__del__``, and one of them
    may save another: a generator that is closed gives its lease back. The token is then idle, or
    lent again, but would not be finalised a second time.

    Source: PEP 442, "Safe object finalization".
    """

    __slots__ = ("entry",)

    def __init__(self, token: Token) -> None:
        """Of a token that is being finalised."""
        # What it refers to is settled by __new__.
        self.entry = token.entry


def place_of(code: CodeType | None, instruction: int) -> str:
    """Turn a code object and a byte offset into ``file:line in function``."""
    if code is None:
        return "an unknown place"
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= instruction < end and number is not None:
            line = number
    return f"{code.co_filename}:{line} in {code.co_qualname}"


class Waiter:
    """One caller in the queue. Its end is a ``token`` (to lend or to open) or a ``refusal``.

    The faces make subclasses that know how to sleep and how to be woken.
    """

    __slots__ = (
        "__weakref__",
        "admitted",
        "alarm",
        "deadline",
        "holder",
        "lane",
        "refusal",
        "since",
        "ticket",
        "token",
    )

    def __init__(self, since: float, deadline: float, lane: Lane, holder: Holder | None) -> None:
        """Begin to wait.

        Args:
            since: now.
            deadline: when the caller gives up; infinite when never.
            lane: how urgent.
            holder: who is asking, to find deadlocks.
        """
        self.since = since
        self.deadline = deadline
        self.lane = lane
        self.holder = holder
        self.ticket = 0
        self.token: Token | None = None
        self.refusal: OfferError | None = None
        self.admitted = False
        """A permit was given: in the queue of a limit, that is the good end."""
        self.alarm: float | None = None
        """When it should look at the pool again by itself, being at the head of the queue."""

    @property
    def settled(self) -> bool:
        """Whether its waiting is over."""
        return self.token is not None or self.refusal is not None or self.admitted

    def wake(self) -> None:
        """Have the caller look at its outcome; called under the pool's lock, so short.

        Waking somebody who has nothing to see is harmless.
        """


class Awaiting:
    """Waiters, not kept alive. Its operations are atomic, so finalisers may look at it."""

    def __init__(self) -> None:
        """Nobody."""
        self._waiters: dict[int, weakref.ref[Waiter]] = {}

    def add(self, waiter: Waiter) -> None:
        """Note somebody; twice is once."""
        key, waiters = id(waiter), self._waiters
        waiters[key] = weakref.ref(waiter, lambda _: waiters.pop(key, None))

    def pop(self, waiter: Waiter, default: None = None) -> None:
        """Forget somebody; twice is harmless."""
        self._waiters.pop(id(waiter), default)

    def __contains__(self, waiter: object) -> bool:
        """Whether somebody has not collected its outcome yet."""
        return id(waiter) in self._waiters

    def __iter__(self) -> Iterator[Waiter]:
        """Those who are still there."""
        found = [reference() for reference in list(self._waiters.values())]
        return iter([waiter for waiter in found if waiter is not None])
