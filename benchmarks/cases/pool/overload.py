"""Ten times more than a pool can serve, when it refuses at once who could not be served in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial

from benchmarks.cases.pool.fakes import SIZE, warm_pool
from benchmarks.claims import claim
from benchmarks.measuring import Figure, Pair, Sample
from benchmarks.options import Case, Options
from coffre.pool import ConnectionPool, PoolBusyError, PoolSettings, PoolTimeoutError

CALLERS = 180
HELD = 0.008
"""Seconds for which a connection is held: 1,000 leases a second fit."""
ANGER = 0.012
"""Seconds after which somebody refused tries again: about 10,000 requests a second."""
DEADLINE = 0.05
"""Seconds that a caller is ready to wait."""
LEARNING = 0.3
"""Seconds that do not count: at first a pool cannot know its own pace, and refuses nobody."""


@dataclass(slots=True)
class Load:
    """What became of all requests."""

    waits: list[float] = field(default_factory=list)
    """Seconds that those who were served had waited."""
    timed_out: int = 0
    refusals: list[float] = field(default_factory=list)
    """Seconds of processor that each refusal took."""
    wall: float = 0.0

    @property
    def requests(self) -> int:
        """All of them."""
        return len(self.waits) + len(self.refusals) + self.timed_out

    @property
    def rate(self) -> float:
        """Served in time, a second."""
        return sum(wait <= DEADLINE for wait in self.waits) / self.wall


def load(callers: int, seconds: float) -> Load:
    """So many callers, each of whom holds a connection, or tries again."""
    settings = PoolSettings(max_size=SIZE, timeout=DEADLINE, shed_hopeless=True)
    parts = [Load() for _ in range(callers)]
    with warm_pool(settings=settings) as pool:
        counts_from = time.perf_counter() + LEARNING
        people = [
            threading.Thread(target=_caller, args=(pool, part, counts_from, seconds))
            for part in parts
        ]
        for person in people:
            person.start()
        for person in people:
            person.join()
    return Load(
        waits=[wait for part in parts for wait in part.waits],
        timed_out=sum(part.timed_out for part in parts),
        refusals=[took for part in parts for took in part.refusals],
        wall=seconds,
    )


def _caller(pool: ConnectionPool, part: Load, counts_from: float, seconds: float) -> None:
    """Counts what ends while it counts: a lease is one of the second in which it is got."""
    ends = counts_from + seconds
    while (asked := time.perf_counter()) < ends:
        cpu = time.thread_time()
        try:
            with pool.lease():
                if counts_from <= (got := time.perf_counter()) < ends:
                    part.waits.append(got - asked)
                time.sleep(HELD)
        except PoolBusyError:
            if asked >= counts_from:
                part.refusals.append(time.thread_time() - cpu)
            time.sleep(ANGER)
        except PoolTimeoutError:
            part.timed_out += asked >= counts_from


@cache
def loads(runs: int, seconds: float) -> list[tuple[Load, Load]]:
    """Just enough, and far too much, in turn; once, for all the claims about it."""
    return [(load(SIZE, seconds), load(CALLERS, seconds)) for _ in range(runs)]


def _figure(options: Options, name: str, look: Callable[[Load, Load], float]) -> Figure:
    runs = loads(options.runs, options.seconds)
    offered = [
        (len(much.waits) + len(much.refusals) + much.timed_out) / much.wall for _, much in runs
    ]
    return Figure(
        claim=claim(name),
        values=tuple(look(fair, much) for fair, much in runs),
        setting=f"{CALLERS} callers, {SIZE} connections held 8 ms, {options.seconds:g} s",
        pairs=tuple(Pair(_sample(fair), _sample(much)) for fair, much in runs),
        notes={
            "requests a second": max(offered),
            "served a second": max(much.rate for _, much in runs),
            "waited in vain": max(much.timed_out for _, much in runs),
        },
    )


def _sample(one: Load) -> Sample:
    """Seconds for a thousand leases in time."""
    return Sample(1000 / one.rate, 0.0)


def _rate(fair: Load, much: Load) -> float:
    return much.rate / fair.rate


def _p99(_: Load, much: Load) -> float:
    return sorted(much.waits)[int(len(much.waits) * 0.99)] * 1000


def _refusal(_: Load, much: Load) -> float:
    """Processor, the median: wall time of one among 128 threads is the interpreter's queue."""
    ordered = sorted(much.refusals)
    return ordered[len(ordered) // 2] * 1e6 if ordered else 0.0


CASES: dict[str, Case] = {
    name: partial(_figure, name=name, look=look)
    for name, look in {
        "pool-overload-rate": _rate,
        "pool-overload-p99": _p99,
        "pool-overload-refusal": _refusal,
    }.items()
}
