"""The queue: first come, first served inside a lane, and no lane is overtaken for ever."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from coffre.pool.entries import Waiter
from coffre.pool.settings import Lane

MOST_BYPASSES = 8
"""How often callers of a higher lane are served before a waiting lower lane."""


class Line:
    """Waiters in order. Every operation takes constant time (httpcore#924: a scan does not)."""

    def __init__(self) -> None:
        """Empty."""
        self._lanes: tuple[OrderedDict[Waiter, None], ...] = tuple(OrderedDict() for _ in Lane)
        self._bypassed = [0] * len(Lane)

    def join(self, waiter: Waiter) -> None:
        """Go to the end of one's lane."""
        self._lanes[waiter.lane][waiter] = None

    def rejoin(self, waiter: Waiter) -> None:
        """Go back to the head of one's lane: it was served, and what it was given was bad."""
        lane = self._lanes[waiter.lane]
        lane[waiter] = None
        lane.move_to_end(waiter, last=False)

    def leave(self, waiter: Waiter) -> None:
        """Be served, or give up; leaving twice is harmless."""
        self._lanes[waiter.lane].pop(waiter, None)

    def head(self) -> Waiter | None:
        """Who is served next."""
        high, normal, low = self._lanes
        if not low and not high:  # the usual case, so quick
            return next(iter(normal), None)
        lane = self._next_lane()
        return None if lane is None else next(iter(self._lanes[lane]))

    def served(self, waiter: Waiter) -> None:
        """The head was served: take it out, and note whom it went past."""
        self.leave(waiter)
        self._bypassed[waiter.lane] = 0
        for lower in range(waiter.lane + 1, len(self._lanes)):
            if self._lanes[lower]:
                self._bypassed[lower] += 1

    def _next_lane(self) -> int | None:
        high, normal, low = self._lanes
        if not low and not (high and normal):  # nobody can be passed: the usual case, so quick
            return Lane.HIGH if high else Lane.NORMAL if normal else None
        waiting = [lane for lane in range(len(self._lanes)) if self._lanes[lane]]
        for lane in reversed(waiting):
            if self._bypassed[lane] >= MOST_BYPASSES:
                return lane
        return waiting[0] if waiting else None

    def before(self, lane: Lane) -> int:
        """Number of waiters who are served before somebody who comes now, in that lane."""
        return sum(map(len, self._lanes[: lane + 1]))

    def __len__(self) -> int:
        """Number of waiters."""
        return sum(map(len, self._lanes))

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        high, normal, low = self._lanes
        return bool(normal or high or low)

    def __iter__(self) -> Iterator[Waiter]:
        """Waiters, lane by lane."""
        return iter([waiter for lane in self._lanes for waiter in lane])

    def __contains__(self, waiter: object) -> bool:
        """Whether somebody waits."""
        return any(waiter in lane for lane in self._lanes)
