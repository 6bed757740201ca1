"""No interruption, wherever it strikes, loses a place or a waiter."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from coffre.contract import ConnectionParameters, StatRequest
from coffre.pool import (
    ConnectionPool,
    Lease,
    LimitedDriver,
    PooledDriver,
    PoolTimeoutError,
    ThreadLimiter,
)
from coffre.testing import MemoryDriver, MemoryOffer
from tests.conformance.deposits import deposit, named
from tests.unit.pool.interrupting import every_interruption
from tests.unit.pool.support import PoolUnderTest

BOTH = pytest.mark.parametrize("signals", [False, True], ids=["lines", "signals"])


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    logging.getLogger("coffre.pool").disabled = True
    yield
    logging.getLogger("coffre.pool").disabled = False


def check_whole(pool: ConnectionPool, size: int) -> None:
    """Every place can be lent, nothing is held, and nothing is counted twice."""
    gc.collect()
    pool.settle()
    snapshot = pool.snapshot()
    assert (snapshot.held, snapshot.opening, snapshot.waiting) == (0, 0, 0), snapshot
    leases = [pool.lease(timeout=0) for _ in range(size)]
    with pytest.raises(PoolTimeoutError):
        pool.lease(timeout=0)
    for lease in leases:
        lease.close()
    assert len(pool.core.entries) == len(pool.core.idle) == size


def borrow_and_return(pool: ConnectionPool) -> None:
    with pool.lease(timeout=0):
        pass


@BOTH
def test_a_loan_that_is_interrupted_leaves_every_place(signals: bool) -> None:
    tested: list[PoolUnderTest] = []

    def prepare() -> Callable[[], object]:
        tested.append(PoolUnderTest(max_size=2))
        tested[-1].pool.lease().close()
        return lambda: borrow_and_return(tested[-1].pool)

    places = set()
    for place in every_interruption(prepare, signals=signals):
        places.add(place)
        check_whole(tested.pop().pool, 2)
    assert len(places) > 3  # fewer than lines: signals are looked for at some instructions only


@BOTH
def test_an_opening_that_is_interrupted_leaves_every_place(signals: bool) -> None:
    tested: list[PoolUnderTest] = []

    def prepare() -> Callable[[], object]:
        tested.append(PoolUnderTest(max_size=2))
        return lambda: borrow_and_return(tested[-1].pool)

    for place in every_interruption(prepare, signals=signals):
        one = tested.pop()
        check_whole(one.pool, 2)
        # A signal between the driver's return and the pool's next instruction leaves a session
        # that nobody has seen: like one inside the driver, it is closed by its own finaliser.
        assert one.service.alive <= (3 if signals else 2), place


@BOTH
@pytest.mark.parametrize("trouble", ["broken", "dirty", "expired", "stale", "failing"])
def test_trouble_that_is_interrupted_leaves_every_place(trouble: str, signals: bool) -> None:
    tested: list[PoolUnderTest] = []

    def work(one: PoolUnderTest) -> None:
        lease = one.pool.lease(timeout=0)
        if trouble == "broken":
            lease.discard("lost")
        elif trouble == "dirty":
            lease.mark_dirty()
        elif trouble == "expired":
            one.clock.advance(1e6)
        lease.close()

    def prepare() -> Callable[[], object]:
        one = PoolUnderTest(max_size=2, failure_budget=99, first_backoff=0.0)
        if trouble != "failing":
            one.pool.lease().close()
        if trouble == "stale":
            one.clock.advance(100.0)
            one.service.made[0].answers = False
        if trouble == "failing":
            one.service.failures = [OSError("away")]
        tested.append(one)
        return lambda: attempt(lambda: work(one))

    for _ in every_interruption(prepare, signals=signals):
        one = tested.pop()
        one.service.failures.clear()
        check_whole(one.pool, 2)


def attempt(work: Callable[[], object]) -> None:
    with contextlib.suppress(OSError):
        work()


@BOTH
def test_a_return_that_is_interrupted_still_serves_who_waits(signals: bool) -> None:
    tested: list[tuple[PoolUnderTest, threading.Thread]] = []

    def prepare() -> Callable[[], object]:
        one = PoolUnderTest(max_size=1, nested="allow")
        lease: list[Lease] = [one.pool.lease()]
        waiter = threading.Thread(target=lambda: one.pool.lease(timeout=None).close())
        waiter.start()
        while not one.pool.core.line:
            pass
        tested.append((one, waiter))
        return lambda: lease.pop().close()

    for place in every_interruption(prepare, signals=signals):
        one, waiter = tested.pop()
        gc.collect()
        waiter.join(10)
        assert not waiter.is_alive(), f"nobody woke it: interrupted at {place}"
        check_whole(one.pool, 1)


@BOTH
def test_a_wait_that_is_interrupted_leaves_every_place(signals: bool) -> None:
    tested: list[tuple[PoolUnderTest, threading.Thread]] = []

    def give_back_once_waited_for(pool: ConnectionPool, lease: Lease, over: list[bool]) -> None:
        while not pool.core.line and not over:
            pass
        lease.close()

    def prepare() -> Callable[[], object]:
        one = PoolUnderTest(max_size=1, nested="allow")
        over: list[bool] = []
        lease = one.pool.lease()
        lease.hand_over()
        helper = threading.Thread(target=give_back_once_waited_for, args=(one.pool, lease, over))
        helper.start()
        tested.append((one, helper))

        def work() -> None:
            try:
                one.pool.lease(timeout=None).close()
            finally:
                over.append(True)

        return work

    for _ in every_interruption(prepare, signals=signals):
        one, helper = tested.pop()
        helper.join(10)
        check_whole(one.pool, 1)


@BOTH
def test_a_limit_that_is_interrupted_lets_everyone_in_again(signals: bool) -> None:
    limits: list[ThreadLimiter] = []

    def prepare() -> Callable[[], object]:
        limits.append(ThreadLimiter(2))

        def work() -> None:
            with limits[-1].enter(), limits[-1].enter():
                pass

        return work

    for place in every_interruption(prepare, signals=signals):
        limiter = limits.pop()
        gc.collect()
        limiter.settle()
        assert limiter.statistics().inside == 0, place
        assert not limiter.permits.gate


@BOTH
def test_the_quick_form_of_a_limit_has_one_gap(signals: bool) -> None:
    limits: list[ThreadLimiter] = []

    def prepare() -> Callable[[], object]:
        limits.append(ThreadLimiter(2))

        def work() -> None:
            with limits[-1]:
                pass

        return work

    gaps = set()
    for place in every_interruption(prepare, signals=signals):
        limiter = limits.pop()
        gc.collect()
        limiter.settle()
        if limiter.statistics().inside:
            gaps.add(place)
    assert len(gaps) <= (1 if signals else 3), gaps


@BOTH
def test_a_use_of_the_drivers_that_is_interrupted_leaves_every_place(signals: bool) -> None:
    url = "memory://interrupted"
    MemoryOffer.discard(url)
    parameters = ConnectionParameters(url=url)
    with MemoryDriver().connect(parameters) as connection:
        connection.put(deposit("there"))
    tested: list[PooledDriver] = []
    limiter = ThreadLimiter(1)

    def prepare() -> Callable[[], object]:
        tested.append(PooledDriver(MemoryDriver(), max_size=1))
        driver = LimitedDriver(tested[-1], limiters=[limiter])

        def work() -> None:
            with driver.connect(parameters) as connection:
                connection.stat(StatRequest(ref=named("there")))

        return work

    for place in every_interruption(prepare, signals=signals):
        pool = tested.pop().pool(parameters)
        check_whole(pool, 1)
        limiter.settle()
        assert limiter.statistics().inside == 0, place


class CtrlC(BaseException):
    """In the middle of what a driver does."""


@pytest.mark.parametrize("by", ["borrower", "housekeeper"])
def test_a_connection_whose_probe_was_interrupted_is_not_lent(by: str) -> None:
    one = PoolUnderTest(max_size=1, keepalive=10.0, idle_timeout=1000.0)
    one.pool.lease().close()
    one.clock.advance(100.0)
    one.service.made[0].answers = CtrlC()

    work = one.pool.lease if by == "borrower" else one.pool.keep
    with pytest.raises(CtrlC):
        work()

    one.service.made[0].answers = True
    one.pool.lease(timeout=0).close()
    assert one.service.made[0].closings == 1, "an answer to the probe may still be under way"
    assert len(one.service.made) == 2
    one.pool.close()


def test_a_connection_whose_reset_was_interrupted_is_not_lent_and_no_leak() -> None:
    one = PoolUnderTest(max_size=1)
    lease = one.pool.lease()
    one.service.made[0].resets = CtrlC()
    lease.mark_dirty()

    with pytest.raises(CtrlC):
        lease.close()

    assert lease.returned
    assert one.service.made[0].closings == 1
    assert one.pool.snapshot().closed_by_reason == {"interrupted": 1}
    one.pool.lease(timeout=0).close()
