"""How soon a deadlock is told to the one who closes it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from benchmarks.cases.pool.fakes import opened
from benchmarks.claims import claim
from benchmarks.measuring import Figure, NotMeasuredError
from benchmarks.options import Case, Options
from coffre.pool import ConnectionPool, PoolDeadlockError, PoolError, PoolSettings

RING = 32
"""Threads, each of which holds the only connection of one pool and wants the next one's."""


def knot() -> float:
    """Seconds from the request that closes the knot to the error that tells it.

    Raises:
        NotMeasuredError: it was not told.
    """
    settings = PoolSettings(max_size=1, timeout=20, nested="allow")
    pools = [ConnectionPool(opened, settings, name=f"ring-{n}") for n in range(RING)]
    held = threading.Barrier(RING)
    people = [
        threading.Thread(target=_hold_one_want_next, args=(pools, number, held))
        for number in range(1, RING)
    ]
    for person in people:
        person.start()
    with pools[0].lease():
        held.wait()
        while not all(pool.snapshot().waiting for pool in [*pools[2:], pools[0]]):
            time.sleep(0.001)
        began = time.perf_counter()
        try:
            pools[1].lease()
        except PoolDeadlockError:
            took = time.perf_counter() - began
        else:
            raise NotMeasuredError("a deadlock was not told")
    for person in people:
        person.join()
    for pool in pools:
        pool.close()
    return took


def _hold_one_want_next(pools: list[ConnectionPool], number: int, held: threading.Barrier) -> None:
    with pools[number].lease():
        held.wait()
        with suppress(PoolError), pools[(number + 1) % RING].lease():
            pass


def _told(options: Options) -> Figure:
    return Figure(
        claim=claim("pool-deadlock"),
        values=tuple(knot() * 1000 for _ in range(options.runs)),
        setting=f"{RING} threads in a ring of as many pools",
    )


CASES: dict[str, Case] = {"pool-deadlock": _told}
