"""A limit: first come, first served, and free for who is inside already."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from coffre.contract import InvalidRequestError
from coffre.pool import (
    Lane,
    LimiterBusyError,
    LimiterTimeoutError,
    PoolDeadlockError,
    Rank,
    ThreadLimiter,
    in_lane,
    together,
)


def test_no_more_threads_are_inside_than_allowed() -> None:
    limiter = ThreadLimiter(3)
    inside, most = 0, 0
    lock = threading.Lock()

    @limiter
    def work() -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        with limiter:  # again, for nothing
            pass
        with lock:
            inside -= 1

    with ThreadPoolExecutor(16) as threads:
        for _ in range(500):
            threads.submit(work)

    assert most <= 3
    assert limiter.statistics().inside == 0
    assert len(limiter.held) <= 3


def test_who_waits_is_let_in_in_the_order_of_coming_by_lane() -> None:
    limiter = ThreadLimiter(1)
    order: list[str] = []

    def work(name: str, lane: Lane) -> None:
        with in_lane(lane), limiter:
            order.append(name)

    threads = []
    with limiter.enter():
        for number, lane in enumerate([Lane.LOW, Lane.NORMAL, Lane.NORMAL, Lane.HIGH]):
            threads.append(threading.Thread(target=work, args=(f"{lane.name} {number}", lane)))
            threads[-1].start()
            while len(limiter.permits.line) <= number:
                pass
    for thread in threads:
        thread.join()

    assert order == ["HIGH 3", "NORMAL 1", "NORMAL 2", "LOW 0"]


def test_who_waits_too_long_is_told_who_is_inside() -> None:
    limiter = ThreadLimiter(1, name="tapes", timeout=0.0)
    told: list[str] = []

    def work() -> None:
        with pytest.raises(LimiterTimeoutError) as caught, limiter:
            pass
        told.append(str(caught.value))
        assert not caught.value.effect_unknown

    with limiter:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert "tapes" in told[0]
    assert "MainThread" in told[0]
    assert limiter.statistics().timed_out == 1


def test_one_caller_too_many_is_refused() -> None:
    limiter = ThreadLimiter(1, max_waiting=0)
    refused: list[str] = []

    def work() -> None:
        with pytest.raises(LimiterBusyError) as caught, limiter:
            pass
        refused.append(caught.value.code)

    with limiter:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert refused == ["limiter-busy"]


def test_a_stay_can_be_ended_by_another_thread_once() -> None:
    limiter = ThreadLimiter(1)
    stay = limiter.enter()
    thread = threading.Thread(target=stay.close)
    thread.start()
    thread.join()
    stay.close()

    assert limiter.statistics().inside == 0


def test_a_stay_that_is_dropped_ends() -> None:
    limiter = ThreadLimiter(1)
    stay = limiter.enter()
    del stay
    gc.collect()

    with limiter:
        assert limiter.statistics().inside == 1
    assert limiter.statistics().inside == 0


def test_a_stay_that_is_dropped_lets_in_who_waits() -> None:
    limiter = ThreadLimiter(1)
    stays = [limiter.enter()]
    waiter = threading.Thread(target=lambda: limiter.enter(timeout=None).close())
    waiter.start()
    while not limiter.permits.line:
        pass

    stays.clear()
    waiter.join(10)

    assert not waiter.is_alive()


def test_shrinking_never_waits_and_growing_lets_in_at_once() -> None:
    limiter = ThreadLimiter(2)
    with ThreadPoolExecutor(1) as other:
        elsewhere = other.submit(limiter.enter).result()
        here = limiter.enter()
        limiter.resize(1)
        here.close()
        assert len(limiter.held) == 1, "the debt is paid first"
        waiting = threading.Thread(target=lambda: limiter.enter(timeout=None).close())
        waiting.start()
        while not limiter.permits.line:
            pass
        limiter.resize(2)
        waiting.join(10)
        assert not waiting.is_alive()
        elsewhere.close()
    statistics = limiter.statistics()
    assert (statistics.inside, statistics.waiting, limiter.permits.gate) == (0, 0, False)


def test_a_paused_limit_lets_nobody_in_but_who_is_inside() -> None:
    limiter = ThreadLimiter(2, timeout=0.0)
    with limiter:
        limiter.pause()
        with limiter:
            pass
        with ThreadPoolExecutor(1) as other, pytest.raises(LimiterTimeoutError):
            other.submit(limiter.enter).result()
        limiter.resume()
        with ThreadPoolExecutor(1) as other:
            other.submit(limiter.enter).result().close()


def test_members_of_a_party_are_one_holder() -> None:
    limiter = ThreadLimiter(1)

    def member() -> str:
        with limiter:
            return limiter.statistics().holders[0]

    with together(), ThreadPoolExecutor(4) as threads, limiter:
        found = [threads.submit(copy_context().run, member).result() for _ in range(4)]

    assert found == ["MainThread"] * 4
    assert limiter.statistics().inside == 0


def test_members_of_a_party_that_wait_are_let_in_together() -> None:
    limiter = ThreadLimiter(1)
    everyone = threading.Barrier(3)

    def member() -> None:
        with limiter:
            everyone.wait(10)  # each needs the others to be inside

    release = threading.Event()
    first = threading.Thread(target=lambda: _hold(limiter, release))
    first.start()
    while not limiter.held:
        pass
    with together():
        members = [threading.Thread(target=copy_context().run, args=(member,)) for _ in range(3)]
    for thread in members:
        thread.start()
    while len(limiter.permits.line) < 3:
        pass
    release.set()
    for thread in [first, *members]:
        thread.join(10)
        assert not thread.is_alive()
    assert limiter.statistics().inside == 0


def _hold(limiter: ThreadLimiter, release: threading.Event) -> None:
    with limiter:
        release.wait()


def test_a_party_begun_by_one_who_is_inside_needs_no_second_permit() -> None:
    limiter = ThreadLimiter(1, timeout=0.0)
    with limiter, together(), ThreadPoolExecutor(1) as threads:
        threads.submit(copy_context().run, lambda: limiter.enter().close()).result()
    assert limiter.statistics().inside == 0


def test_two_limits_taken_crosswise_are_told() -> None:
    one, other = ThreadLimiter(1), ThreadLimiter(1)
    both = threading.Barrier(2)
    outcome: list[str] = []

    def work(first: ThreadLimiter, second: ThreadLimiter) -> None:
        with first:
            both.wait()
            try:
                with second:
                    outcome.append("let in")
            except PoolDeadlockError:
                outcome.append("told")

    threads = [threading.Thread(target=work, args=pair) for pair in [(one, other), (other, one)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(outcome) == ["let in", "told"]


def test_limits_are_taken_in_one_order() -> None:
    limits = [ThreadLimiter(1, rank=rank) for rank in (Rank.GLOBAL, Rank.OFFER, Rank.DRIVER)]

    ranks = [limit.order[0] for limit in sorted(limits, key=lambda one: one.order)]

    assert ranks == sorted(Rank)


def test_a_negative_limit_is_refused_and_zero_lets_nobody_in() -> None:
    with pytest.raises(InvalidRequestError):
        ThreadLimiter(-1)
    limiter = ThreadLimiter(0, timeout=0.0)
    with pytest.raises(LimiterTimeoutError):
        limiter.enter()
    with pytest.raises(InvalidRequestError):
        limiter.resize(-1)
    assert "0 of 0" in repr(limiter)
