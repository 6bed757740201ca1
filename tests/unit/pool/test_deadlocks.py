"""A deadlock is told if, and only if, there is one."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

import pytest

from coffre.pool import PoolDeadlockError, ThreadLimiter
from coffre.pool.deadlock import WaitGraph
from coffre.pool.entries import Holder, Waiter
from coffre.pool.settings import Lane
from tests.unit.pool.support import PoolUnderTest


class Drawn:
    """A resource of a random graph."""

    def __init__(self, holders: Sequence[Holder] | None) -> None:
        self.holders = holders

    def blockers(self) -> Sequence[Holder] | None:
        return self.holders


def can_end(waits: dict[int, Sequence[int] | None], start: int) -> bool:
    """By brute force: let everyone who can go on give back what it has, until nothing changes."""
    blocked = set(waits)
    changed = True
    while changed:
        changed = False
        for one in list(blocked):
            holders = waits[one]
            if holders is None or any(holder not in blocked for holder in holders):
                blocked.discard(one)
                changed = True
    return start not in blocked


def test_the_graph_agrees_with_brute_force_on_random_situations() -> None:
    chance = random.Random(3)
    knots = 0
    for _ in range(5000):
        count = chance.randrange(2, 7)
        waits: dict[int, Sequence[int] | None] = {}
        graph = WaitGraph()
        waiters = []
        for one in range(count):
            holders = [chance.randrange(count + 1) for _ in range(chance.randrange(1, 4))]
            waits[one] = holders if chance.random() < 0.9 else None
            waiters.append(Waiter(0.0, 9.0, Lane.NORMAL, one))
            found = graph.wait(waiters[-1], Drawn(waits[one]))
            assert (found is not None) == (not can_end(waits, one)), waits
            if found is not None:
                knots += 1
                break
    assert knots > 500


def test_two_threads_that_hold_what_the_other_wants_are_told_across_pools() -> None:
    left, right = (PoolUnderTest(max_size=1).pool for _ in range(2))
    both_hold = threading.Barrier(2)
    outcomes: list[str] = []

    def work(first: object, second: object) -> None:
        one, other = (left, right) if first == "left" else (right, left)
        with one.lease():
            both_hold.wait()
            try:
                with other.lease(timeout=20):
                    outcomes.append("served")
            except PoolDeadlockError:
                outcomes.append("told")

    threads = [
        threading.Thread(target=work, args=names)
        for names in [("left", "right"), ("right", "left")]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(outcomes) == ["served", "told"], "one was told, so the other could go on"


def test_a_limit_and_a_pool_are_one_graph() -> None:
    limiter = ThreadLimiter(1)
    pool = PoolUnderTest(max_size=1).pool
    inside = threading.Event()
    outcome: list[str] = []

    def hold_the_limit_and_want_the_pool() -> None:
        with limiter:
            inside.set()
            try:
                with pool.lease(timeout=20):
                    outcome.append("served")
            except PoolDeadlockError:
                outcome.append("told")

    with pool.lease():
        thread = threading.Thread(target=hold_the_limit_and_want_the_pool)
        thread.start()
        inside.wait()
        try:
            with limiter:
                outcome.append("served")
        except PoolDeadlockError:
            outcome.append("told")
    thread.join(10)

    assert sorted(outcome) == ["served", "told"]


@pytest.mark.parametrize("size", [1, 2])
def test_waiting_for_one_who_works_is_no_deadlock(size: int) -> None:
    pool = PoolUnderTest(max_size=size).pool
    held = [pool.lease() for _ in range(size - 1)]
    started = threading.Event()
    go_on = threading.Event()

    def work() -> None:
        with pool.lease():
            started.set()
            go_on.wait()

    worker = threading.Thread(target=work)
    worker.start()
    started.wait()
    threading.Timer(0.02, go_on.set).start()
    with pool.lease(timeout=10):
        pass
    worker.join()
    for lease in held:
        lease.close()
