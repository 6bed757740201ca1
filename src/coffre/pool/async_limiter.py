"""AsyncLimiter: a limit for tasks, shared with threads, in one queue."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from coffre.pool.asyncio_face import TaskWaiter
from coffre.pool.deadlock import GRAPH
from coffre.pool.entries import Holder
from coffre.pool.limiter import ThreadLimiter
from coffre.pool.party import LANE, PARTY


class AsyncLimiter:
    """Another face of a :class:`ThreadLimiter`: ``async with limiter``. Re-entrant for a task."""

    def __init__(self, limiter: ThreadLimiter) -> None:
        """Of a limit, which goes on limiting threads as well."""
        self.limiter = limiter

    async def __aenter__(self) -> Self:
        """Enter.

        Raises:
            PoolError: as :class:`ThreadLimiter` says.
        """
        limiter = self.limiter
        now = limiter.now()
        waiter = TaskWaiter(now, now + limiter.patience(limiter.timeout), LANE.get(), _holder())
        try:
            limiter.queue(waiter, now)
            while not waiter.settled:
                now = limiter.now()
                if limiter.noted:
                    limiter.settle()
                elif now >= waiter.deadline:
                    limiter.time_out(waiter, now)
                else:
                    await waiter.sleep(now)
            if waiter.refusal is not None:
                raise waiter.refusal
        except BaseException:  # a cancellation wins, whatever was granted meanwhile
            limiter.give_up(waiter)
            raise
        GRAPH.end(waiter)
        waiter.admitted = False  # from now on it is the task that is inside
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave; never waits."""
        self.limiter.leave(_holder())


def _holder() -> Holder:
    party = PARTY.get()
    return asyncio.current_task() if party is None else party.beginner
