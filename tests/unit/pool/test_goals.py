"""Goals for pools that are properties rather than figures: these hold on a busy machine, too."""

from __future__ import annotations

import threading

import pytest

from benchmarks.cases.pool.crowds import crowd
from benchmarks.cases.pool.deadlock import knot
from benchmarks.cases.pool.fakes import SIZE, opened
from benchmarks.cases.pool.idle import thousand
from benchmarks.cases.pool.mixed import mixed
from benchmarks.cases.pool.outage import outage
from benchmarks.cases.pool.peers import Peer, bare, ours
from benchmarks.cases.pool.storm import MOST, storm
from coffre.pool import ConnectionPool, PoolSettings, ThreadLimiter

SHORT = 0.3
"""Seconds: a hundred turns for each of 32 threads."""
WAITED_FOR = 64


@pytest.mark.slow
def test_nobody_starves_among_128_threads_over_8_connections() -> None:
    with ours() as peer:
        found = crowd(peer, seconds=SHORT)

    assert found.starved == 0
    assert found.share < 2  # on a quiet machine 1.05, which the benchmark is held to


@pytest.mark.slow
def test_the_crowd_would_notice_a_pool_that_starves() -> None:
    with bare() as peer:
        found = crowd(peer, seconds=SHORT)

    assert found.starved > WAITED_FOR
    assert found.share == float("inf")


@pytest.mark.slow
def test_nobody_starves_before_a_limit_of_threads() -> None:
    limit = ThreadLimiter(SIZE)

    found = crowd(Peer(limit.__enter__, lambda _: limit.__exit__(None, None, None)), seconds=SHORT)

    assert found.starved == 0


@pytest.mark.slow
def test_threads_and_tasks_are_all_served() -> None:
    threads, tasks = mixed(SHORT)

    assert threads.starved == tasks.starved == 0


@pytest.mark.slow
def test_a_knot_of_many_threads_is_told() -> None:
    assert knot() < 1


@pytest.mark.parametrize("takes", [0.0, 0.05, 2.0])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.99])
def test_a_minute_of_outage_costs_at_most_twenty_openings(takes: float, chance: float) -> None:
    found = outage(takes, threads=16, chance=chance)

    assert 5 < found.openings <= 20
    assert found.refusals > 0


@pytest.mark.slow
def test_an_empty_pool_is_no_reason_for_a_storm() -> None:
    found = storm(warm=False)

    assert found.at_once <= 2
    assert found.connections <= MOST


def test_a_thousand_idle_pools_are_small_and_have_no_thread() -> None:
    threads, size = thousand()

    assert threads == 0
    assert size <= 4096


def test_a_pool_that_is_used_has_no_thread() -> None:
    before = threading.active_count()
    pools = [ConnectionPool(opened, PoolSettings()) for _ in range(50)]
    for pool in pools:
        pool.warm(2)

    assert threading.active_count() == before
