"""A service that is away: how often it is asked, and what a refusal costs meanwhile.

The minute is played on the rules of the pool alone, in steps of a millisecond of a clock that
is moved by hand: what counts is the number of openings, and that is the same on every machine.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.claims import claim
from benchmarks.measuring import Figure
from benchmarks.options import Case, Options
from coffre.contract import Connection, OfferUnavailableError
from coffre.pool import BreakerOpenError, ConnectionPool, Lane, PoolSettings
from coffre.pool.core import PoolCore
from coffre.pool.entries import Waiter

THREADS = 128
OUTAGE = 60.0
STEP = 0.001
"""Seconds."""


@dataclass(slots=True)
class Outage:
    """How it went."""

    openings: int = 0
    refusals: int = 0


@dataclass(slots=True)
class _Opening:
    waiter: Waiter
    fails_at: float


def outage(takes: float, *, threads: int = THREADS, chance: float = 0.0) -> Outage:
    """A minute in which every opening fails, and everyone refused asks again at once.

    Args:
        takes: seconds that an opening takes to fail.
        threads: callers.
        chance: jitter; 0 makes every pause the shortest there is.
    """
    core = PoolCore("outage", PoolSettings(), chance=lambda: chance)
    found, now = Outage(), 0.0
    waiting: list[Waiter] = []
    opening: list[_Opening] = []
    while now < OUTAGE:
        for one in [one for one in opening if one.fails_at <= now]:
            opening.remove(one)
            token = one.waiter.token
            if token is not None:
                core.open_failed(one.waiter, token.entry, OfferUnavailableError("away"), now)
        while len(waiting) + len(opening) < threads:
            waiter = Waiter(now, now + 30.0, Lane.NORMAL, None)
            core.admit(waiter, now)
            waiting.append(waiter)
            if waiter.refusal is not None:
                break  # the others would hear the same, in this millisecond
        core.settle(now)
        for waiter in [waiter for waiter in waiting if waiter.settled]:
            waiting.remove(waiter)
            core.awaiting.pop(waiter, None)
            if waiter.refusal is not None:
                found.refusals += 1
            elif waiter.token is not None:
                found.openings += 1
                opening.append(_Opening(waiter, now + takes))
        now += STEP
    return found


def _openings(_: Options) -> Figure:
    found = [outage(takes) for takes in (0.0, 0.05, 2.0)]
    return Figure(
        claim=claim("pool-outage-openings"),
        values=tuple(each.openings for each in found),
        setting=f"{THREADS} callers who ask again at once; openings fail after 0, 50 ms, 2 s",
    )


def _away() -> Connection:
    raise OfferUnavailableError("away")


def refusal(count: int) -> float:
    """Seconds that a refusal takes while the breaker is open."""
    pool = ConnectionPool(_away, PoolSettings(first_backoff=0.0, first_rest=600, longest_rest=600))
    for _ in range(pool.settings.failure_budget):
        with suppress(OfferUnavailableError):
            pool.lease()
    began = time.perf_counter()
    for _ in range(count):
        with suppress(BreakerOpenError):
            pool.lease()
    return (time.perf_counter() - began) / count


def _refusal(options: Options) -> Figure:
    count = options.leases // 20
    return Figure(
        claim=claim("pool-outage-refusal"),
        values=tuple(refusal(count) * 1e6 for _ in range(options.runs)),
        setting=f"{count} refusals one after the other",
    )


CASES: dict[str, Case] = {
    "pool-outage-openings": _openings,
    "pool-outage-refusal": _refusal,
}
