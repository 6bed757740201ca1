"""A limit of threads, beside the semaphore of the standard library."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from functools import cache

from benchmarks.cases.pool.crowds import CROWD, WORK, crowd
from benchmarks.cases.pool.fakes import SIZE
from benchmarks.cases.pool.leases import ROUNDS_EACH
from benchmarks.cases.pool.peers import Peer
from benchmarks.claims import claim
from benchmarks.measuring import Figure, Pair, timed
from benchmarks.options import Case, Options
from coffre.pool import ThreadLimiter


def enter_and_leave(limit: AbstractContextManager[object], count: int) -> None:
    """Go in and out."""
    for _ in range(count):
        with limit:
            pass


@cache
def pairs_of(runs: int, count: int) -> list[Pair]:
    """The two in turn; once, for the two claims about it."""
    semaphore, limiter = threading.Semaphore(SIZE), ThreadLimiter(SIZE)
    pairs = []
    for _ in range(runs):
        slices = [
            (
                timed(lambda: enter_and_leave(semaphore, count)),
                timed(lambda: enter_and_leave(limiter, count)),
            )
            for _ in range(ROUNDS_EACH)
        ]
        bare, ours = (min(arm, key=lambda one: one.wall) for arm in zip(*slices, strict=True))
        pairs.append(Pair(bare, ours))
    return pairs


def _setting(count: int) -> str:
    return f"{count} times one after the other, the best of {ROUNDS_EACH} in each run"


def _each(options: Options) -> Figure:
    count = options.leases // ROUNDS_EACH
    values = [pair.ours.wall / count * 1e6 for pair in pairs_of(options.runs, count)]
    return Figure(claim=claim("pool-limiter"), values=tuple(values), setting=_setting(count))


def _beside(options: Options) -> Figure:
    count = options.leases // ROUNDS_EACH
    pairs = pairs_of(options.runs, count)
    return Figure(
        claim=claim("pool-limiter-semaphore"),
        values=tuple(pair.reference.wall / pair.ours.wall for pair in pairs),
        setting=_setting(count),
        pairs=tuple(pairs),
    )


def _starved(options: Options) -> Figure:
    limiter, semaphore = ThreadLimiter(SIZE), threading.Semaphore(SIZE)
    ours = Peer(limiter.__enter__, lambda _: limiter.__exit__(None, None, None))
    bare = Peer(semaphore.acquire, lambda _: semaphore.release())
    found = [crowd(ours, seconds=options.seconds) for _ in range(options.runs)]
    beside = crowd(bare, seconds=options.seconds)
    return Figure(
        claim=claim("pool-limiter-starved"),
        values=tuple(each.starved for each in found),
        setting=f"{CROWD} threads, {SIZE} at once, {WORK * 1000:g} ms, {options.seconds:g} s",
        notes={
            "largest share over smallest": max(each.share for each in found),
            "starved by a semaphore": beside.starved,
        },
    )


CASES: dict[str, Case] = {
    "pool-limiter": _each,
    "pool-limiter-semaphore": _beside,
    "pool-limiter-starved": _starved,
}
