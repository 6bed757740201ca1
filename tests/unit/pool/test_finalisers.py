"""What a collector, a signal handler or a fork finds in the middle of the pool does no harm."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from coffre.contract import Connection, ConnectionParameters, GetRequest
from coffre.pool import (
    AsyncConnectionPool,
    ConnectionPool,
    Lease,
    LimitedDriver,
    PoolDeadlockError,
    PooledDriver,
    PoolError,
)
from coffre.testing import MemoryDriver, MemoryOffer
from tests.conformance.deposits import deposit, named
from tests.unit.pool.support import PoolUnderTest, fake, make_hopeless


def in_time(work: Callable[[], object]) -> None:
    """Do something in a thread of its own; that it hangs fails the test, and hangs no other."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 - told by the test
            problems.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive(), "it hangs"
    if problems:
        raise problems[0]


def during_the_next_change(pool: ConnectionPool, happens: Callable[[], object]) -> None:
    """Have something happen in the middle of the locked part of the next operation."""
    settle = pool.core.settle
    left = [happens]

    def settle_and_more(now: float) -> None:
        if left:
            left.pop()()
        settle(now)

    pool.core.settle = settle_and_more  # type: ignore[method-assign]


class Cycle:
    """Something that only the collector finds."""

    def __init__(self, holds: object) -> None:
        self.holds = holds
        self.me = self


def reader(pool: ConnectionPool) -> Iterator[Connection]:
    with pool.lease() as connection:
        yield connection


@pytest.mark.parametrize("trouble", [None, "broken", "dirty"])
def test_a_loan_that_is_collected_inside_the_pool_is_given_back(trouble: str | None) -> None:
    tested = PoolUnderTest(max_size=2)

    def borrow() -> Iterator[None]:
        lease = tested.pool.lease()
        if trouble == "broken":
            lease.discard()
        elif trouble == "dirty":
            lease.mark_dirty()
        with lease:
            yield

    def work() -> None:
        reading = borrow()
        next(reading)
        cycle = Cycle(reading)
        del reading, cycle
        tested.pool.pause()  # so that a return takes the lock
        during_the_next_change(tested.pool, gc.collect)
        tested.pool.settle()
        tested.pool.resume()

    gc.disable()
    try:
        in_time(work)
    finally:
        gc.enable()

    snapshot = tested.pool.snapshot()
    assert (snapshot.held, snapshot.leaks, snapshot.closing) == (0, 0, 0)
    assert tested.service.alive == snapshot.idle
    assert tested.service.made[0].closings <= 1
    for lease in [tested.pool.lease(timeout=0), tested.pool.lease(timeout=0)]:
        assert not fake(lease).gone
        lease.close()


def collected_and_saved(pool: ConnectionPool) -> Lease:
    """A lease whose token was finalised, and then saved and lent on."""
    lease = pool.lease()
    assert lease.token is not None
    lease.token.__del__()
    return lease


def test_a_loan_that_was_saved_from_the_collector_is_closed_at_its_return() -> None:
    tested = PoolUnderTest(max_size=1)
    lease = collected_and_saved(tested.pool)
    tested.pool.settle()
    assert not fake(lease).gone, "it is lent"

    lease.close()

    assert tested.service.made[0].closings == 1
    assert tested.pool.snapshot().leaks == 0
    tested.pool.lease(timeout=0).close()


def test_a_loan_that_was_saved_from_the_collector_and_is_lost_then_is_found() -> None:
    tested = PoolUnderTest(max_size=1)
    lease = collected_and_saved(tested.pool)
    tested.pool.settle()

    del lease

    tested.pool.lease(timeout=0).close()
    assert tested.service.made[0].closings == 1
    assert tested.pool.snapshot().leaks == 1


def test_what_is_returned_inside_the_pool_goes_to_who_waits() -> None:
    tested = PoolUnderTest(max_size=1, nested="allow")
    lease = tested.pool.lease()
    lease.hand_over()
    waiter = threading.Thread(target=lambda: tested.pool.lease(timeout=None).close())
    waiter.start()
    while not tested.pool.core.line:
        pass
    change = tested.pool.core.pause

    def pause_and_return(*, refuse: bool) -> None:
        change(refuse=refuse)
        tested.pool.core.paused = False
        lease.close()  # a signal handler, say

    tested.pool.core.pause = pause_and_return  # type: ignore[method-assign]
    in_time(tested.pool.pause)
    waiter.join(5)

    assert not waiter.is_alive()
    assert tested.pool.snapshot().idle == 1


def test_who_borrows_inside_the_pool_is_told_instead_of_waiting_for_itself() -> None:
    tested = PoolUnderTest(max_size=2)
    told: list[str] = []

    def borrow() -> None:
        with contextlib.suppress(PoolDeadlockError):
            tested.pool.lease(timeout=None)
            return
        told.append("told")

    during_the_next_change(tested.pool, borrow)
    in_time(tested.pool.settle)

    assert told == ["told"]
    tested.pool.lease(timeout=0).close()


PARAMETERS = ConnectionParameters(url="memory://finalisers")


@pytest.fixture
def there() -> None:
    MemoryOffer.discard(PARAMETERS.url)
    with MemoryDriver().connect(PARAMETERS) as connection:
        connection.put(deposit("there"))


@pytest.mark.usefixtures("there")
def test_a_stream_that_is_collected_takes_no_lock() -> None:
    driver = PooledDriver(MemoryDriver(), max_size=1)
    limited = LimitedDriver(driver, max_concurrent=1)
    pool = driver.pool(PARAMETERS)

    with limited.connect(PARAMETERS) as connection:
        kept: list[object] = [connection.get(GetRequest(ref=named("there")))]
    del connection

    with pool._lock, limited.limiters[0]._lock:  # another thread is inside
        in_time(kept.clear)

    snapshot = pool.snapshot()
    assert (snapshot.held, snapshot.idle, snapshot.leaks) == (0, 1, 0)
    limited.connect(PARAMETERS).close()


class Reporting(logging.Handler):
    """A handler that looks at the pool it is told about, as one that writes a metric does."""

    def __init__(self, pool: ConnectionPool) -> None:
        super().__init__()
        self.pool = pool
        self.seen: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.pool.snapshot().leaks)


def test_a_leak_is_logged_outside_the_lock() -> None:
    tested = PoolUnderTest(max_size=1)
    handler = Reporting(tested.pool)
    logger = logging.getLogger("coffre.pool")
    logger.addHandler(handler)

    def work() -> None:
        lease = tested.pool.lease()
        del lease
        gc.collect()
        tested.pool.settle()

    try:
        in_time(work)
    finally:
        logger.removeHandler(handler)

    assert handler.seen == [1]


@pytest.mark.parametrize("how", ["times out", "is one too many", "is hopeless"])
def test_a_refusal_leaves_nothing_to_the_collector(how: str) -> None:
    tested = PoolUnderTest(
        max_size=1,
        max_waiting=0 if how == "is one too many" else None,
        shed_hopeless=how == "is hopeless",
        nested="allow",
    )
    lease = tested.pool.lease()
    lease.hand_over()
    if how == "is hopeless":
        make_hopeless(tested.pool)
    timeout = 0 if how == "times out" else 10

    def ask_in_vain() -> None:
        with contextlib.suppress(PoolError):
            tested.pool.lease(timeout=timeout)

    async def ask_in_vain_as_a_task() -> None:
        with contextlib.suppress(PoolError):
            await AsyncConnectionPool(tested.pool).lease(timeout=timeout)

    async def as_a_task() -> int:
        await ask_in_vain_as_a_task()
        gc.collect()
        await ask_in_vain_as_a_task()
        return gc.collect()

    ask_in_vain()
    gc.collect()
    gc.disable()
    try:
        ask_in_vain()
        assert gc.collect() == 0
        assert asyncio.run(as_a_task()) == 0
    finally:
        gc.enable()
    assert sum(tested.pool.snapshot().refused.values()) == 4
    lease.close()
