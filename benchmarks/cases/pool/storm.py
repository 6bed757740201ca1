"""A cold start: everyone comes at once, and no connection is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from benchmarks.cases.pool.crowds import CROWD
from benchmarks.cases.pool.fakes import slowly
from benchmarks.claims import claim
from benchmarks.measuring import Figure, Pair, Sample
from benchmarks.options import Case, Options
from coffre.contract import Connection
from coffre.pool import ConnectionPool, PoolSettings

OPENING, HELD, MOST = 0.05, 0.01, 10
"""Seconds to open, seconds to hold, connections."""
OPENINGS = MOST // 2
"""Openings that follow each other, two at a time, until the pool is full."""


@dataclass(frozen=True, slots=True)
class Storm:
    """How it went."""

    at_once: int
    """Most openings at once."""
    connections: int
    """Opened in all."""
    last: float
    """Seconds until the last one was served."""


class _Service:
    """Opens slowly, and notes how many at once."""

    def __init__(self) -> None:
        self._open = slowly(OPENING)
        self._lock = threading.Lock()
        self.now = self.most = self.made = 0

    def __call__(self) -> Connection:
        with self._lock:
            self.now += 1
            self.made += 1
            self.most = max(self.most, self.now)
        try:
            return self._open()
        finally:
            with self._lock:
                self.now -= 1


def storm(*, warm: bool) -> Storm:
    """Everyone wants one connection for a moment."""
    service = _Service()
    with ConnectionPool(service, PoolSettings(max_size=MOST)) as pool:
        if warm:
            pool.warm(MOST)
        begins = threading.Barrier(CROWD + 1)
        served: list[float] = []
        people = [
            threading.Thread(target=_person, args=(pool, begins, served.append))
            for _ in range(CROWD)
        ]
        for person in people:
            person.start()
        begins.wait()
        began = time.perf_counter()
        for person in people:
            person.join()
    return Storm(service.most, service.made, max(served) - began)


def _person(
    pool: ConnectionPool, begins: threading.Barrier, served: Callable[[float], None]
) -> None:
    begins.wait()
    with pool.lease():
        time.sleep(HELD)
        served(time.perf_counter())


@cache
def storms(runs: int) -> list[tuple[Storm, Storm]]:
    """Warm and cold in turn; once, for all the claims about it."""
    return [(storm(warm=True), storm(warm=False)) for _ in range(runs)]


def _figure(options: Options, name: str, look: Callable[[Storm, Storm], float]) -> Figure:
    runs = storms(options.runs)
    return Figure(
        claim=claim(name),
        values=tuple(look(warm, cold) for warm, cold in runs),
        setting=f"{CROWD} threads, {MOST} connections, 50 ms to open, held 10 ms",
        pairs=tuple(Pair(Sample(warm.last, 0), Sample(cold.last, 0)) for warm, cold in runs),
    )


def _at_once(_: Storm, cold: Storm) -> float:
    return cold.at_once


def _connections(_: Storm, cold: Storm) -> float:
    return cold.connections


def _last(warm: Storm, cold: Storm) -> float:
    return (cold.last - OPENINGS * OPENING) / warm.last


CASES: dict[str, Case] = {
    name: partial(_figure, name=name, look=look)
    for name, look in {
        "pool-storm-openings": _at_once,
        "pool-storm-connections": _connections,
        "pool-storm-last": _last,
    }.items()
}
