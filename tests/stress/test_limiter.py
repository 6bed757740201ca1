"""Limits under 64 threads and a loop of tasks, with everything going wrong: nothing is lost.

Ten seconds, or as many as ``COFFRE_STRESS_SECONDS`` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from coffre.pool import (
    Admission,
    AsyncLimiter,
    Lane,
    PoolError,
    ThreadLimiter,
    in_lane,
    together,
)

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("COFFRE_STRESS_SECONDS", "10"))
THREADS = 64
TASKS = 16
SIZES = (5, 8, 12)
"""Three limits, taken in this order."""


class Watch:
    """Counts the holders of one limit that are inside, and remembers the most there were."""

    def __init__(self, size: int) -> None:
        self.limiter = ThreadLimiter(size, timeout=5.0)
        self.inside: Counter[object] = Counter()
        self.most = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def at_work(self, holder: object) -> Iterator[None]:
        with self._lock:
            self.inside[holder] += 1
            self.most = max(self.most, len(self.inside))
        try:
            yield
        finally:
            with self._lock:
                self.inside[holder] -= 1
                if not self.inside[holder]:
                    del self.inside[holder]


@pytest.fixture(autouse=True)
def switching() -> Iterator[None]:
    """Threads change places as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def nested(watches: list[Watch], left: list[Admission]) -> None:
    """Into all the limits, in their order, each in one of the ways there are."""
    me = threading.get_ident()
    with contextlib.ExitStack() as stack:
        for watch in watches:
            how = random.randrange(4)
            if how == 0:
                stack.enter_context(watch.limiter)
            elif how == 1:
                stack.enter_context(watch.limiter.enter(random.choice([0.0, 0.001, 5.0])))
            elif how == 2:
                stack.callback(watch.limiter.enter().close)
            else:
                left.append(watch.limiter.enter())  # somebody else ends it, or it is dropped
            stack.enter_context(watch.at_work(me))
            if random.random() < 0.3:
                with watch.limiter:
                    pass
        if random.random() < 0.2:
            time.sleep(random.random() * 0.001)


def work(watches: list[Watch], end: float, counts: Counter[str]) -> None:
    while time.monotonic() < end:
        left: list[Admission] = []
        party = together() if random.random() < 0.2 else contextlib.nullcontext()
        with in_lane(random.choice(list(Lane))), party:
            try:
                nested(watches, left)
                counts["inside"] += 1
            except PoolError as error:
                counts[error.code] += 1
        if left and random.random() < 0.5:
            threading.Thread(target=left.pop().close).start()
        left.clear()


async def tasks(watches: list[Watch], end: float, counts: Counter[str]) -> None:
    shared = [AsyncLimiter(watch.limiter) for watch in watches]

    async def visit() -> None:
        me = asyncio.current_task()
        async with contextlib.AsyncExitStack() as stack:
            for watch, face in zip(watches, shared, strict=True):
                await stack.enter_async_context(face)
                stack.enter_context(watch.at_work(me))
            await asyncio.sleep(0)

    async def one() -> None:
        while time.monotonic() < end:
            visiting = asyncio.create_task(visit())
            if random.random() < 0.3:
                await asyncio.sleep(random.random() * 0.003)
                visiting.cancel()
            try:
                await visiting
                counts["task"] += 1
            except asyncio.CancelledError:
                counts["cancelled"] += 1
            except PoolError as error:
                counts[error.code] += 1

    await asyncio.gather(*(one() for _ in range(TASKS)))


def govern(watches: list[Watch], end: float) -> None:
    while time.monotonic() < end:
        time.sleep(0.01)
        watch, size = random.choice(list(zip(watches, SIZES, strict=True)))
        what = random.randrange(3)
        if what == 0:
            watch.limiter.resize(random.randrange(1, size + 1))
        elif what == 1:
            watch.limiter.resize(size)
        else:
            watch.limiter.pause()
            time.sleep(0.001)
            watch.limiter.resume()


def test_under_stress_no_permit_is_lost_and_no_limit_is_exceeded() -> None:
    watches = [Watch(size) for size in SIZES]
    end = time.monotonic() + SECONDS
    each: list[Counter[str]] = [Counter() for _ in range(THREADS + 1)]
    threads = [
        threading.Thread(target=work, args=(watches, end, counts)) for counts in each[:THREADS]
    ]
    threads.append(threading.Thread(target=govern, args=(watches, end)))
    for thread in threads:
        thread.start()
    asyncio.run(tasks(watches, end, each[THREADS]))
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), [watch.limiter for watch in watches]
    gc.collect()

    counts = sum(each, Counter())
    assert counts["inside"] > 100
    assert counts["task"] > 10
    assert "pool-deadlock" not in counts, "taken in one order, they cannot"
    for watch, size in zip(watches, SIZES, strict=True):
        check_whole(watch, size)
    timed_out = sum(watch.limiter.statistics().timed_out for watch in watches)
    assert timed_out == counts["limiter-timeout"]


def check_whole(watch: Watch, size: int) -> None:
    limiter = watch.limiter
    limiter.resize(size)
    limiter.finish()
    seen = limiter.statistics()
    assert (seen.inside, seen.waiting) == (0, 0), seen
    assert watch.most <= size
    assert not limiter.permits.gate
    barrier = threading.Barrier(size + 1)

    def visit() -> None:
        with limiter:
            barrier.wait(10)

    visitors = [threading.Thread(target=visit) for _ in range(size)]
    for visitor in visitors:
        visitor.start()
    barrier.wait(10)  # all of them are inside at once
    for visitor in visitors:
        visitor.join()
