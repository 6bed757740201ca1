"""A fork in any state of a limit: the child starts afresh, the parent notices nothing."""

from __future__ import annotations

import threading

import pytest

from coffre.pool import ThreadLimiter
from tests.unit.pool.test_forks import in_child

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def test_who_forks_while_inside_leaves_in_the_child_too() -> None:
    limiter = ThreadLimiter(1)
    stay = limiter.enter()

    def child() -> None:
        with limiter:
            pass
        stay.close()
        assert limiter.statistics().inside == 0
        thread = threading.Thread(target=lambda: limiter.enter(timeout=0).close())
        thread.start()
        thread.join(5)
        assert not thread.is_alive()

    in_child(child)

    assert limiter.statistics().inside == 1
    stay.close()
    assert limiter.statistics().inside == 0


def test_a_fork_while_the_lock_is_held_and_others_are_inside_and_wait_hangs_nobody() -> None:
    limiter = ThreadLimiter(1, timeout=None)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with limiter:
            inside.set()
            leave.wait()

    def visit() -> None:
        with limiter:
            pass

    threads = [threading.Thread(target=hold), *(threading.Thread(target=visit) for _ in range(3))]
    threads[0].start()
    inside.wait()
    for thread in threads[1:]:
        thread.start()
    while len(limiter.permits.line) < 3:
        pass

    def child() -> None:
        seen = limiter.statistics()
        assert (seen.inside, seen.waiting) == (0, 0)
        with limiter:
            pass
        assert not limiter.permits.gate

    with limiter._lock:
        in_child(child)
    leave.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert limiter.statistics().inside == 0
