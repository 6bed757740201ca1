"""A pool under 128 threads and a loop of tasks, with everything going wrong: the sums are exact.

Ten seconds, or as many as ``COFFRE_STRESS_SECONDS`` says.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import cast

import pytest

from coffre.contract import Connection
from coffre.pool import (
    AsyncConnectionPool,
    ConnectionPool,
    Lane,
    PoolError,
    PoolSettings,
    SharedTotal,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

SECONDS = float(os.environ.get("COFFRE_STRESS_SECONDS", "10"))
THREADS = 128
TASKS = 32
SIZE = 8


class Service:
    """Opens connections that may be anything but reliable, and watches how they are used."""

    def __init__(self, size: int, others: list[Service] | None = None) -> None:
        self.size = size
        self.all = [self] if others is None else others
        self.alive: set[StressConnection] = set()
        self.opened = 0
        self.closed = 0
        self.failed = 0
        self.problems: list[str] = []
        self._lock = threading.Lock()

    def __call__(self) -> Connection:
        if random.random() < 0.05:
            with self._lock:
                self.failed += 1
            raise OSError("refused")
        if random.random() < 0.1:
            time.sleep(0.002)
        connection = StressConnection(self)
        with self._lock:
            self.opened += 1
            self.alive.add(connection)
        if sum(len(one.alive) for one in self.all) > self.size:
            self.problems.append("a session too many")
        return cast(Connection, connection)

    def end(self, connection: StressConnection) -> None:
        with self._lock:
            if connection not in self.alive:
                self.problems.append("closed twice")
            self.alive.discard(connection)
            self.closed += 1


class StressConnection:
    """Notices two users at once, and use after closing."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.users = 0
        self.broken = False
        self.over = False

    def use(self) -> None:
        self.users += 1
        if self.users != 1 or self.over:
            self.service.problems.append("two users at once" if not self.over else "used when over")
        if random.random() < 0.3:
            time.sleep(random.random() * 0.002)
        self.users -= 1

    def is_healthy(self) -> bool:
        return not self.broken

    def probe(self, timeout: float) -> bool:
        return not self.broken

    def reset(self) -> None:
        if random.random() < 0.1:
            raise OSError("cannot be reset")

    def close(self) -> None:
        self.over = True
        if random.random() < 0.2:
            time.sleep(random.random() * 0.002)
        self.service.end(self)

    def abandon(self) -> None:
        self.over = True


class Tally:
    """What the callers saw; each counts for itself, so that nothing is lost."""

    def __init__(self) -> None:
        self.each: list[Counter[str]] = []

    def mine(self) -> Counter[str]:
        mine: Counter[str] = Counter()
        self.each.append(mine)
        return mine

    def __getitem__(self, name: str) -> int:
        return sum(counter[name] for counter in self.each)


@pytest.fixture(autouse=True)
def switching() -> Iterator[None]:
    """Threads change places as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    logging.getLogger("coffre.pool").disabled = True
    yield
    logging.getLogger("coffre.pool").disabled = False
    sys.setswitchinterval(before)


def borrow(pool: ConnectionPool, mine: Counter[str]) -> None:
    timeout = random.choice([0.0, 0.001, 0.05, 5.0, 5.0])
    lane = random.choice(list(Lane))
    try:
        lease = pool.lease(timeout=timeout, lane=lane)
    except PoolError as error:
        mine[error.code] += 1
        return
    except OSError:
        mine["failed"] += 1
        return
    mine["lent"] += 1
    fate = random.random()
    cast(StressConnection, lease.connection).use()
    if fate < 0.02:
        cast(StressConnection, lease.connection).broken = True
        lease.discard("lost")
    elif fate < 0.05:
        lease.mark_dirty()
    elif fate < 0.055:
        mine["dropped"] += 1
        return  # never given back
    lease.close()


async def borrow_as_task(pool: AsyncConnectionPool, mine: Counter[str]) -> None:
    try:
        async with pool.lease(timeout=random.choice([0.01, 5.0])) as connection:
            mine["lent"] += 1
            cast(StressConnection, connection).use()
            await asyncio.sleep(0)
    except PoolError as error:
        mine[error.code] += 1
    except OSError:
        mine["failed"] += 1


async def tasks(pool: ConnectionPool, tally: Tally, end: float) -> None:
    shared = AsyncConnectionPool(pool)

    async def one(mine: Counter[str]) -> None:
        while time.monotonic() < end:
            work = asyncio.create_task(borrow_as_task(shared, mine))
            if random.random() < 0.2:
                await asyncio.sleep(random.random() * 0.005)
                work.cancel()
            try:
                await work
            except asyncio.CancelledError:
                mine["cancelled"] += 1

    await asyncio.gather(*(one(tally.mine()) for _ in range(TASKS)))


def fork_once(pool: ConnectionPool) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for _ in range(20):
                try:
                    pool.lease(timeout=5).close()
                    status = 0
                    break
                except OSError:  # the service refuses now and then
                    continue
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def trouble(pool: ConnectionPool, end: float) -> None:
    """Governs the pool while it is used."""
    while time.monotonic() < end:
        time.sleep(0.02)
        what = random.randrange(6)
        if what == 0:
            pool.resize(random.randrange(1, SIZE + 1))
        elif what == 1:
            pool.resize(SIZE)
        elif what == 2:
            pool.drain()
        elif what == 3:
            pool.pause()
            time.sleep(0.002)
            pool.resume()
        elif what == 4:
            fork_once(pool)
        else:
            pool.snapshot()


def settings() -> PoolSettings:
    return PoolSettings(
        max_size=SIZE,
        max_opening=3,
        first_backoff=0.0005,
        first_rest=0.002,
        longest_rest=0.01,
        max_lifetime=0.5,
        idle_timeout=0.1,
        look_after=0.0005,
        probe_after=0.002,
        nested="allow",
    )


def run(pool: ConnectionPool, tally: Tally, seconds: float, threads: int) -> None:
    end = time.monotonic() + seconds
    most = [0]

    def work() -> None:
        mine = tally.mine()
        while time.monotonic() < end:
            borrow(pool, mine)
            most[0] = max(most[0], len(pool.core.entries))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    workers.append(threading.Thread(target=trouble, args=(pool, end)))
    for worker in workers:
        worker.start()
    asyncio.run(tasks(pool, tally, end))
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive(), f"it hangs: {pool}"
    assert most[0] <= SIZE


def check_sums(pool: ConnectionPool, service: Service, tally: Tally) -> None:
    pool.resize(SIZE)
    pool.settle()
    snapshot = pool.snapshot()
    assert (snapshot.held, snapshot.opening, snapshot.waiting) == (0, 0, 0), snapshot
    assert not service.problems, Counter(service.problems)
    assert snapshot.leaks == tally["dropped"]
    assert snapshot.failed == service.failed
    assert tally["pool-timeout"] == snapshot.timed_out
    assert snapshot.opened == service.opened
    assert snapshot.opened == snapshot.idle + sum(snapshot.closed_by_reason.values())
    assert len(service.alive) == snapshot.idle == len(pool.core.entries)
    pool.close()
    assert not service.alive
    assert service.opened == service.closed


def test_under_stress_no_place_is_lost_and_every_sum_is_exact() -> None:
    service = Service(SIZE)
    pool = ConnectionPool(service, settings())
    tally = Tally()

    run(pool, tally, SECONDS, THREADS)

    lent = pool.snapshot().checkouts
    assert lent == tally["lent"] > 1000
    check_sums(pool, service, tally)


def test_under_stress_pools_with_a_total_never_exceed_it() -> None:
    total = SharedTotal(SIZE)
    services: list[Service] = []
    services += [Service(SIZE, services) for _ in range(3)]
    pools = [ConnectionPool(service, settings(), total=total) for service in services]
    tally = Tally()
    end = time.monotonic() + SECONDS / 2
    most = [0]

    def work() -> None:
        mine = tally.mine()
        while time.monotonic() < end:
            borrow(random.choice(pools), mine)
            with total.lock:
                most[0] = max(most[0], total.rules.count)

    workers = [threading.Thread(target=work) for _ in range(32)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive(), pools
    assert most[0] <= SIZE
    assert sum(pool.snapshot().checkouts for pool in pools) == tally["lent"]
    for pool, service in zip(pools, services, strict=True):
        assert not service.problems
        pool.close()
        assert not service.alive
