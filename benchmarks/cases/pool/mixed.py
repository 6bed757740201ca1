"""Threads and tasks in one queue, and what a lease costs a task."""

from __future__ import annotations

import asyncio
import threading
import time

from benchmarks.cases.pool.crowds import WORK, Crowd
from benchmarks.cases.pool.fakes import SIZE, warm_pool
from benchmarks.cases.pool.leases import ROUNDS_EACH
from benchmarks.claims import claim
from benchmarks.measuring import Figure
from benchmarks.options import Case, Options
from coffre.pool import AsyncConnectionPool, ConnectionPool

EACH_KIND = 64


class _Begin:
    """When everyone begins: once all threads and all tasks are there."""

    def __init__(self, seconds: float) -> None:
        self._begun = threading.Event()
        self._seconds = seconds
        self.ends = 0.0

    def now(self) -> None:
        self.ends = time.perf_counter() + self._seconds
        self._begun.set()

    def wait(self) -> None:
        self._begun.wait()


def mixed(seconds: float) -> tuple[Crowd, Crowd]:
    """Let threads and tasks compete for some seconds; threads first."""
    threads, tasks = Crowd([0] * EACH_KIND), Crowd([0] * EACH_KIND)
    begin = _Begin(seconds)
    with warm_pool() as pool:
        people = [
            threading.Thread(target=_thread, args=(pool, threads, number, begin))
            for number in range(EACH_KIND)
        ]
        for person in people:
            person.start()
        asyncio.run(_tasks(pool, tasks, begin))
        for person in people:
            person.join()
    return threads, tasks


def _thread(pool: ConnectionPool, found: Crowd, number: int, begin: _Begin) -> None:
    begin.wait()
    while True:
        with pool.lease():
            if time.perf_counter() >= begin.ends:
                return
            found.counts[number] += 1
            time.sleep(WORK)


async def _tasks(pool: ConnectionPool, found: Crowd, begin: _Begin) -> None:
    face = AsyncConnectionPool(pool)
    people = [_task(face, found, number, begin) for number in range(EACH_KIND)]
    begin.now()
    await asyncio.gather(*people)


async def _task(face: AsyncConnectionPool, found: Crowd, number: int, begin: _Begin) -> None:
    while True:
        async with face.lease():
            if time.perf_counter() >= begin.ends:
                return
            found.counts[number] += 1
            await asyncio.sleep(WORK)


def _share(options: Options) -> Figure:
    runs = [mixed(options.seconds) for _ in range(options.runs)]
    both = [Crowd([*threads.counts, *tasks.counts]) for threads, tasks in runs]
    return Figure(
        claim=claim("pool-mixed-share"),
        values=tuple(each.share for each in both),
        setting=f"{EACH_KIND} of each, {SIZE} connections, 1 ms of work, {options.seconds:g} s",
        notes={
            "share of the tasks": sum(tasks.total for _, tasks in runs)
            / sum(each.total for each in both)
        },
    )


async def one_after_the_other(face: AsyncConnectionPool, count: int) -> float:
    """Seconds for one lease and its return."""
    began = time.perf_counter()
    for _ in range(count):
        (await face.lease()).close()
    return (time.perf_counter() - began) / count


def _async(options: Options) -> Figure:
    count = options.leases // ROUNDS_EACH
    values = []
    with warm_pool() as pool:
        face = AsyncConnectionPool(pool)
        for _ in range(options.runs):
            slices = [asyncio.run(one_after_the_other(face, count)) for _ in range(ROUNDS_EACH)]
            values.append(min(slices) * 1e6)
    return Figure(
        claim=claim("pool-mixed-async"),
        values=tuple(values),
        setting=f"{count} leases one after the other, the best of {ROUNDS_EACH} in each run",
    )


CASES: dict[str, Case] = {"pool-mixed-share": _share, "pool-mixed-async": _async}
