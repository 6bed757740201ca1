"""AsyncLimiter: a limit for tasks, shared with threads, in one queue."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from coffre.pool.admission import Admission
from coffre.pool.asyncio_face import TaskWaiter
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
        stay = Admission()
        stay.limit = self.limiter
        key = _holder()
        if not self.limiter.at_once(stay, key):
            await self._wait_for(stay, key)
        stay.become(asyncio.current_task())
        return self

    async def _wait_for(self, stay: Admission, key: Holder) -> None:
        limiter = self.limiter
        now = limiter.now()
        waiter = TaskWaiter(now, now + limiter.patience(limiter.timeout), LANE.get(), key)
        try:
            limiter.queue(waiter, now)
            while not waiter.settled:
                now = limiter.now()
                if limiter.noted:
                    limiter.finish()
                elif now >= waiter.deadline:
                    limiter.time_out(waiter, now)
                else:
                    await waiter.sleep(now)
            limiter.claim(stay, waiter)
        except BaseException:  # a cancellation wins, whatever was granted meanwhile
            limiter.give_up(waiter)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave; never waits."""
        self.limiter.leave(_holder(), asyncio.current_task())


def _holder() -> Holder:
    party = PARTY.get()
    return asyncio.current_task() if party is None else party.beginner
