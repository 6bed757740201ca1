"""Tasks borrow from the same pool as threads, in the same queue."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import TypeVar

import pytest

from coffre.pool import (
    AsyncConnectionPool,
    AsyncLimiter,
    ConnectionPool,
    Lease,
    PoolDeadlockError,
    PoolTimeoutError,
    ThreadLimiter,
)
from tests.unit.pool.support import PoolUnderTest, same

T = TypeVar("T")


def run(work: Coroutine[object, object, T]) -> T:
    return asyncio.run(work)


async def until(condition: object) -> None:
    assert callable(condition)
    while not condition():
        await asyncio.sleep(0)


def whole(pool: ConnectionPool, size: int) -> bool:
    snapshot = pool.snapshot()
    return (snapshot.held, snapshot.opening, snapshot.waiting, snapshot.idle) == (0, 0, 0, size)


def test_a_task_borrows_and_gives_back() -> None:
    tested = PoolUnderTest()

    async def work() -> None:
        pool = AsyncConnectionPool(tested.pool)
        async with pool.lease() as connection:
            assert same(connection) is tested.service.made[0]
        lease = await pool.lease()
        lease.close()

    run(work())
    assert whole(tested.pool, 1)
    assert tested.pool.snapshot().checkouts == 2


def test_tasks_and_threads_are_served_in_the_order_in_which_they_came() -> None:
    tested = PoolUnderTest(max_size=1, nested="allow")
    order: list[str] = []
    held = tested.pool.lease()
    held.hand_over()

    def thread(name: str) -> None:
        with tested.pool.lease(timeout=None):
            order.append(name)

    async def task(name: str, pool: AsyncConnectionPool) -> None:
        async with pool.lease(timeout=None):
            order.append(name)

    async def work() -> None:
        pool = AsyncConnectionPool(tested.pool)
        line = tested.pool.core.line
        threads, tasks = [], []
        for number in range(6):
            if number % 2:
                threads.append(threading.Thread(target=thread, args=(f"thread {number}",)))
                threads[-1].start()
            else:
                tasks.append(asyncio.create_task(task(f"task {number}", pool)))
            await until(lambda expected=number + 1: len(line) == expected)
        held.close()
        await asyncio.gather(*tasks)
        for one in threads:
            await asyncio.to_thread(one.join)

    run(work())
    assert order == ["task 0", "thread 1", "task 2", "thread 3", "task 4", "thread 5"]


def test_a_cancelled_task_passes_on_what_it_was_given() -> None:
    tested = PoolUnderTest(max_size=1, nested="allow")

    async def work() -> None:
        pool = AsyncConnectionPool(tested.pool)
        held = await pool.lease()
        first = asyncio.ensure_future(pool.lease(timeout=None))
        second = asyncio.ensure_future(pool.lease(timeout=None))
        await until(lambda: len(tested.pool.core.line) == 2)
        held.close()  # given to the first, which has not run yet
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        (await second).close()

    run(work())
    assert whole(tested.pool, 1)


def test_a_task_that_is_cancelled_while_it_opens_leaves_the_connection_to_the_next() -> None:
    tested = PoolUnderTest(max_size=1)
    opening, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        opening.set()
        go_on.wait()

    tested.service.during = hang

    async def work() -> None:
        pool = AsyncConnectionPool(tested.pool)
        task = asyncio.ensure_future(pool.lease())
        await until(opening.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert tested.pool.snapshot().opening == 1, "its place stays taken"
        go_on.set()
        (await pool.lease(timeout=None)).close()

    run(work())
    assert whole(tested.pool, 1)
    assert tested.service.attempts == 1


def test_a_task_is_told_the_real_error_of_its_opening() -> None:
    tested = PoolUnderTest()
    tested.service.failures = [PermissionError("wrong password")]

    async def work() -> None:
        with pytest.raises(PermissionError, match="wrong password"):
            await AsyncConnectionPool(tested.pool).lease()

    run(work())
    assert tested.pool.snapshot().failed == 1


def test_a_task_that_waits_too_long_is_told_who_holds_what() -> None:
    tested = PoolUnderTest(max_size=1)

    async def work() -> None:
        pool = AsyncConnectionPool(tested.pool)
        async with pool.lease():
            with pytest.raises(PoolTimeoutError, match="test_asyncio"):
                await pool.lease(timeout=0)

    run(work())


def test_tasks_that_wait_for_each_other_are_told() -> None:
    tested = PoolUnderTest(max_size=1)

    async def work() -> None:
        pool = AsyncConnectionPool(tested.pool)
        async with pool.lease():
            with pytest.raises(PoolDeadlockError):
                await pool.lease(timeout=20)

    run(work())


def test_what_takes_time_does_not_stop_the_loop() -> None:
    tested = PoolUnderTest()
    go_on = threading.Event()
    tested.service.during = go_on.wait

    async def work() -> None:
        task = asyncio.ensure_future(AsyncConnectionPool(tested.pool).lease())
        for _ in range(5):
            await asyncio.sleep(0)
        go_on.set()  # the loop was free to come here
        lease = await task
        lease.mark_dirty()
        lease.close()
        await until(lambda: tested.service.made[0].reset_count == 1)

    run(work())


def test_a_connection_that_broke_in_a_task_is_closed() -> None:
    tested = PoolUnderTest()

    async def work() -> None:
        lease = await AsyncConnectionPool(tested.pool).lease()
        lease.discard("lost")
        lease.close()
        await until(lambda: tested.service.made[0].closings == 1)

    run(work())


def all_of(pool: ConnectionPool, size: int) -> list[Lease]:
    """Leases that nobody in particular holds."""
    leases = [pool.lease() for _ in range(size)]
    for lease in leases:
        lease.hand_over()
    return leases


def test_many_tasks_and_threads_are_served_alike() -> None:
    """Everyone is in line before the first is served, so that nobody has a start to make up for."""
    tested = PoolUnderTest(max_size=4, nested="allow")
    counts = {"threads": [0] * 16, "tasks": [0] * 16}
    held = all_of(tested.pool, 4)

    def over() -> bool:
        return sum(map(sum, counts.values())) >= 32 * 20

    def thread(number: int) -> None:
        while not over():
            with tested.pool.lease(timeout=None):
                time.sleep(0.001)
            counts["threads"][number] += 1

    async def task(number: int, pool: AsyncConnectionPool) -> None:
        while not over():
            async with pool.lease(timeout=None):
                await asyncio.sleep(0.001)
            counts["tasks"][number] += 1

    async def work() -> None:
        pool = AsyncConnectionPool(tested.pool)
        tasks = [asyncio.create_task(task(number, pool)) for number in range(16)]
        await until(lambda: len(tested.pool.core.line) == 32)
        for lease in held:
            lease.close()
        await asyncio.gather(*tasks)

    threads = [threading.Thread(target=thread, args=(number,)) for number in range(16)]
    for one in threads:
        one.start()
    run(work())
    for one in threads:
        one.join()

    everyone = counts["threads"] + counts["tasks"]
    assert min(everyone) > 0
    assert sum(counts["threads"]) == pytest.approx(sum(counts["tasks"]), rel=0.3)
    assert tested.pool.snapshot().checkouts == sum(everyone) + len(held)


def test_a_limit_is_shared_by_tasks_and_threads_and_is_entered_again_for_nothing() -> None:
    limiter = ThreadLimiter(1)
    inside = 0

    async def task() -> None:
        nonlocal inside
        shared = AsyncLimiter(limiter)
        async with shared, shared:
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    async def work() -> None:
        limiter.__enter__()
        tasks = [asyncio.create_task(task()) for _ in range(5)]
        await until(lambda: len(limiter.permits.line) == 5)
        tasks[1].cancel()
        limiter.__exit__(None, None, None)
        await asyncio.gather(*tasks, return_exceptions=True)

    run(work())
    assert limiter.statistics().inside == 0
    assert not limiter.permits.gate
