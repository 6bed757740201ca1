"""A thousand pools that nobody uses, and ten thousand tasks that all want the same one."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import tracemalloc
from functools import cache

from benchmarks.cases.pool.fakes import FakeConnection, opened, warm_pool
from benchmarks.claims import claim
from benchmarks.measuring import Figure, Pair, Sample
from benchmarks.options import Case, Options
from coffre.pool import AsyncConnectionPool, ConnectionPool, PoolSettings

POOLS = 1000
FEW, MANY = 32, 10_000
LEASES = 50_000
"""Of all tasks together."""


@cache
def thousand() -> tuple[int, float]:
    """Threads, and bytes a pool, of a thousand pools with one idle connection each.

    Names and settings are the caller's, and are shared here: they are not counted.
    """
    settings = PoolSettings()
    gc.collect()
    threads = threading.active_count()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        pools = [ConnectionPool(opened, settings) for _ in range(POOLS)]
        for pool in pools:
            pool.warm(1)
        gc.collect()
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    return threading.active_count() - threads, used / POOLS - FakeConnection().__sizeof__()


def _threads(_: Options) -> Figure:
    return Figure(
        claim=claim("pool-idle-threads"), values=(thousand()[0],), setting=f"{POOLS} pools"
    )


def _memory(_: Options) -> Figure:
    return Figure(
        claim=claim("pool-idle-memory"),
        values=(thousand()[1] / 1024,),
        setting=f"{POOLS} pools with one idle connection each, the connection not counted",
    )


def queue_of(tasks: int, leases: int) -> Sample:
    """Seconds for one lease while so many tasks want one."""
    with warm_pool() as pool:
        wall, cpu = time.perf_counter(), time.process_time()
        asyncio.run(_all(AsyncConnectionPool(pool), tasks, leases // tasks))
        done = tasks * (leases // tasks)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return Sample(wall / done, cpu / done)


async def _all(face: AsyncConnectionPool, tasks: int, leases: int) -> None:
    await asyncio.gather(*(_one(face, leases) for _ in range(tasks)))


async def _one(face: AsyncConnectionPool, leases: int) -> None:
    for _ in range(leases):
        async with face.lease(timeout=None):
            await asyncio.sleep(0)


def _waiters(options: Options) -> Figure:
    pairs = [Pair(queue_of(FEW, LEASES), queue_of(MANY, LEASES)) for _ in range(options.runs)]
    return Figure(
        claim=claim("pool-idle-waiters"),
        values=tuple(pair.ours.cpu / pair.reference.cpu for pair in pairs),
        setting=f"{LEASES} leases of tasks, {FEW} or {MANY} at a time",
        pairs=tuple(pairs),
    )


CASES: dict[str, Case] = {
    "pool-idle-threads": _threads,
    "pool-idle-memory": _memory,
    "pool-idle-waiters": _waiters,
}
