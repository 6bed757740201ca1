"""Exact detection of deadlocks, across all pools and limits of the process.

Somebody who waits goes on as soon as *one* of those who hold what it waits for returns it. So
a wait can never end if, and only if, everyone who can be reached from it (who holds what I wait
for, who holds what they wait for ...) waits as well: a knot in the wait-for graph. The last one
who joins closes it, and is told.

Who waits cannot return anything, so once everyone in the knot has been seen waiting twice, at
either end of one look, nobody in it has moved in between: there are no false alarms. A holder
that cannot be told (a stream handed to another thread) counts as one that can go on.

Source: R. C. Holt, "Some Deadlock Properties of Computer Systems", ACM Computing Surveys 4(3),
1972 (knots). Only done by who has to wait: it costs nothing on the fast path.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Protocol

from coffre.pool.entries import Holder, Waiter


class Resource(Protocol):
    """Something that is waited for."""

    def blockers(self) -> Sequence[Holder] | None:
        """Everyone who could end the wait; ``None`` when something else could, too."""
        ...


class WaitGraph:
    """Who waits for what. One for the process."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiting: dict[Holder, tuple[weakref.ref[Waiter], Resource]] = {}

    def wait(self, waiter: Waiter, resource: Resource) -> frozenset[Holder] | None:
        """Note that somebody waits.

        Returns:
            Everyone in the knot that this closes, or ``None``.
        """
        if waiter.holder is None:
            return None
        self._waiting[waiter.holder] = (weakref.ref(waiter), resource)
        return self._knot(waiter.holder)

    def end(self, waiter: Waiter) -> None:
        """It waits no more; ending twice is harmless."""
        if waiter.holder is not None:
            self._waiting.pop(waiter.holder, None)

    def _knot(self, start: Holder) -> frozenset[Holder] | None:
        seen: dict[Holder, Waiter] = {}
        left = [start]
        while left:
            one = left.pop()
            if one in seen:
                continue
            found = self._waiting.get(one)
            waiter = None if found is None else found[0]()
            if found is None or waiter is None or waiter.settled:
                return None
            seen[one] = waiter
            blockers = found[1].blockers()
            if blockers is None:
                return None
            left.extend(blockers)
        if all(self._still(one, waiter) for one, waiter in seen.items()):
            return frozenset(seen)
        return None

    def _still(self, one: Holder, waiter: Waiter) -> bool:
        found = self._waiting.get(one)
        return found is not None and found[0]() is waiter and not waiter.settled

    def clear(self) -> None:
        """Forget everyone: the child of a fork has one thread, and it does not wait."""
        self._waiting.clear()


GRAPH = WaitGraph()
"""The one graph. Single operations on its dictionary are atomic; it needs no lock."""


def name_of(holder: Holder | None) -> str:
    """Name of a thread or task, for people."""
    if holder is None:
        return "unknown"
    if isinstance(holder, int):
        for thread in threading.enumerate():
            if thread.ident == holder:
                return thread.name
        return f"ended thread {holder}"
    get_name = getattr(holder, "get_name", None)
    return str(get_name()) if callable(get_name) else repr(holder)
