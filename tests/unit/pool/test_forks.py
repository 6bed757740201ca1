"""A fork in any state: the child starts afresh, the parent notices nothing."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import cast

import pytest

from coffre.contract import Connection, ConnectionParameters
from coffre.pool import (
    ConnectionPool,
    LeaseForkedError,
    PooledDriver,
    PoolSettings,
    SharedTotal,
    ThreadLimiter,
)
from coffre.testing import MemoryDriver
from tests.unit.pool.support import FakeConnection, PoolUnderTest, fake

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def in_child(work: Callable[[], object]) -> None:
    """Do something in the child of a fork; an exception there fails the test."""
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(20)  # a child that hangs fails
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_child_opens_its_own_connections_without_a_word_on_the_others() -> None:
    tested = PoolUnderTest(max_size=2)
    idle, held = tested.pool.lease(), tested.pool.lease()
    inherited = [fake(idle), fake(held)]
    idle.close()

    def child() -> None:
        lease = tested.pool.lease(timeout=0)
        assert fake(lease) not in inherited
        assert [(one.closings, one.abandoned) for one in inherited] == [(0, 1), (0, 1)]
        snapshot = tested.pool.snapshot()
        assert (snapshot.held, snapshot.idle, snapshot.leaks) == (1, 0, 0)

    in_child(child)

    assert [one.gone for one in inherited] == [False, False]
    held.close()
    assert tested.pool.snapshot().idle == 2


def test_a_lease_carried_into_the_child_is_of_no_use_there() -> None:
    tested = PoolUnderTest(max_size=1)
    lease = tested.pool.lease()

    def child() -> None:
        with pytest.raises(LeaseForkedError):
            _ = lease.connection
        lease.close()
        with tested.pool.lease(timeout=0):
            pass
        assert tested.pool.snapshot().opened == 1

    in_child(child)

    assert not fake(lease).gone
    lease.close()


def test_a_lease_that_is_given_back_in_the_child_is_not_lent_there() -> None:
    tested = PoolUnderTest(max_size=2)
    lease = tested.pool.lease()

    def child() -> None:
        lease.close()
        leases = [tested.pool.lease(timeout=0), tested.pool.lease(timeout=0)]
        assert tested.service.made[0] not in map(fake, leases)
        for one in leases:
            one.close()
        tested.pool.close()
        assert tested.service.made[0].closings == 0, "its session is the parent's"

    in_child(child)
    lease.close()


def test_a_loan_that_is_dropped_in_the_child_is_no_leak_there() -> None:
    tested = PoolUnderTest(max_size=1)
    leases = [tested.pool.lease()]

    def child() -> None:
        leases.clear()
        gc.collect()
        tested.pool.lease(timeout=0).close()
        assert tested.pool.snapshot().leaks == 0

    in_child(child)
    leases.pop().close()


def test_a_fork_while_another_thread_makes_a_pool_hangs_nobody() -> None:
    driver = PooledDriver(MemoryDriver())

    def child() -> None:
        with driver.connect(ConnectionParameters(url="memory://fork")):
            assert len(driver.pools) == 1
        driver.close()

    with driver._lock:
        in_child(child)


def test_a_driver_that_fails_in_the_child_leaves_no_pool_as_it_was() -> None:
    class Failing(FakeConnection):
        def abandon(self) -> None:
            raise SystemExit

    tested = [PoolUnderTest(max_size=1) for _ in range(3)]
    for one in tested:
        lease = one.pool.lease()
        fake(lease).__class__ = Failing
        lease.close()

    def child() -> None:
        for one in tested:
            assert one.pool.core.generation == 1
            one.pool.lease(timeout=0).close()

    logging.getLogger("coffre.pool").disabled = True
    try:
        in_child(child)
    finally:
        logging.getLogger("coffre.pool").disabled = False


def test_a_fork_while_others_hold_the_lock_and_wait_hangs_nobody() -> None:
    tested = PoolUnderTest(max_size=1, nested="allow")
    lease = tested.pool.lease()
    lease.hand_over()
    waiters = [
        threading.Thread(target=lambda: tested.pool.lease(timeout=None).close()) for _ in range(4)
    ]
    for waiter in waiters:
        waiter.start()

    def child() -> None:
        with tested.pool.lease(timeout=0):
            assert tested.pool.snapshot().waiting == 0
        tested.pool.close()

    with tested.pool._lock:
        in_child(child)
    lease.close()
    for waiter in waiters:
        waiter.join(10)
        assert not waiter.is_alive()
    tested.pool.close()


def test_pools_with_a_total_share_a_fresh_one_in_the_child() -> None:
    total = SharedTotal(2)
    pools = [
        ConnectionPool(
            lambda: cast(Connection, FakeConnection()), PoolSettings(max_size=2), total=total
        )
        for _ in range(2)
    ]
    leases = [pool.lease() for pool in pools]

    def child() -> None:
        fresh = [pool.lease(timeout=0) for pool in pools]
        assert total.rules.count == 2
        assert {id(pool.core) for pool in pools} == {id(core) for core in total.rules.pools}
        del fresh

    in_child(child)
    for lease in leases:
        lease.close()


def test_the_one_thread_that_goes_on_is_still_inside_a_limit() -> None:
    limiter = ThreadLimiter(1)

    def child() -> None:
        assert limiter.statistics().inside == 1

    with limiter:
        in_child(child)
        with limiter:
            pass
    assert limiter.statistics().inside == 0


def test_many_forks_under_load_hang_nobody() -> None:
    tested = PoolUnderTest(max_size=4)
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with tested.pool.lease():
                pass

    def child() -> None:
        with tested.pool.lease(timeout=5):
            pass

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(25):
            in_child(child)
    finally:
        over.set()
        for worker in workers:
            worker.join()
    snapshot = tested.pool.snapshot()
    assert snapshot.held == snapshot.leaks == 0
    assert tested.service.alive == snapshot.idle <= 4
