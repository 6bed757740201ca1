"""Parties: several threads that do one thing together, and are admitted together.

The engine sends one object to N offers with one thread each, all pulling from one ring. Were
each to be admitted by itself, the first could hold the only permit while it waits for bytes
that come only once the second has been admitted. A party is one holder: its first member takes
a permit for all, the others enter for nothing, the last one out gives it back.

Membership travels in the context (``contextvars``): a thread started with
``contextvars.copy_context().run`` belongs to the party of the one who started it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from threading import get_ident

from coffre.pool.entries import Holder
from coffre.pool.settings import Lane

PARTIES: dict[int, None] = {}
"""Parties that exist, by ``id``. While there are none, nobody is a member of one: asking that is
quicker than asking the context."""


class Party:
    """Threads that count as one: as the one who began it, which may be inside already."""

    def __init__(self, beginner: Holder) -> None:
        """Begun by a thread or a task."""
        self.beginner = beginner
        PARTIES[id(self)] = None

    def __del__(self) -> None:
        PARTIES.pop(id(self), None)


PARTY: ContextVar[Party | None] = ContextVar("coffre.pool.party", default=None)
LANE: ContextVar[Lane] = ContextVar("coffre.pool.lane", default=Lane.NORMAL)


def holder() -> Holder:
    """Whoever asks: the one who began the party, or else the thread."""
    party = PARTY.get()
    return get_ident() if party is None else party.beginner


@contextlib.contextmanager
def together() -> Iterator[Party]:
    """Begin a party, or go on with the one that this is part of already."""
    party = PARTY.get()
    if party is not None:
        yield party
        return
    party = Party(get_ident())
    token = PARTY.set(party)
    try:
        yield party
    finally:
        PARTY.reset(token)


@contextlib.contextmanager
def in_lane(lane: Lane) -> Iterator[None]:
    """Have everything in this block be as urgent as that: an audit can let deposits pass."""
    token = LANE.set(lane)
    try:
        yield
    finally:
        LANE.reset(token)
