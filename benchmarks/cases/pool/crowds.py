"""Crowds: many threads that borrow, work, give back, and ask again at once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from benchmarks.cases.pool.fakes import SIZE
from benchmarks.cases.pool.peers import Peer

CROWD = 128
WORK = 0.001
"""Seconds for which a connection is held."""


@dataclass(slots=True)
class Crowd:
    """What became of them."""

    counts: list[int]
    """Leases of each."""
    waits: list[float] = field(default_factory=list)
    """Seconds, those that were still going on at the end included."""
    wall: float = 0.0
    cpu: float = 0.0

    @property
    def starved(self) -> int:
        """How many got nothing at all."""
        return self.counts.count(0)

    @property
    def share(self) -> float:
        """Largest over smallest number of leases; infinite when somebody starved."""
        return max(self.counts) / min(self.counts) if min(self.counts) else float("inf")

    @property
    def total(self) -> int:
        """Leases of all."""
        return sum(self.counts)

    @property
    def rate(self) -> float:
        """Leases a second."""
        return self.total / self.wall

    @property
    def turn(self) -> float:
        """Seconds that each would wait, were everyone served in turn and nothing cost anything."""
        return len(self.counts) / SIZE * WORK

    @property
    def longest(self) -> float:
        """The longest wait, in fair turns."""
        return max(self.waits) / self.turn

    @property
    def p99(self) -> float:
        """The 99th percentile of the waits, in fair turns."""
        return sorted(self.waits)[int(len(self.waits) * 0.99)] / self.turn


class _Clock:
    """When everyone begins, and when leases no longer count."""

    def __init__(self, threads: int, seconds: float) -> None:
        self.begins = threading.Barrier(threads + 1)
        self.seconds = seconds
        self.ends = float("inf")

    def start(self) -> None:
        self.ends = time.perf_counter() + self.seconds
        self.begins.wait()


def crowd(peer: Peer, *, seconds: float, threads: int = CROWD, pause: float = 0.0) -> Crowd:
    """Let them compete for some seconds."""
    found = Crowd([0] * threads)
    clock = _Clock(threads, seconds)
    people = [
        threading.Thread(target=_person, args=(peer, found, number, clock, pause))
        for number in range(threads)
    ]
    for person in people:
        person.start()
    began, cpu = time.perf_counter(), time.process_time()
    clock.start()
    time.sleep(max(clock.ends - time.perf_counter(), 0))
    found.wall, found.cpu = time.perf_counter() - began, time.process_time() - cpu
    for person in people:
        person.join()
    return found


def _person(peer: Peer, found: Crowd, number: int, clock: _Clock, pause: float) -> None:
    clock.begins.wait()
    while True:
        asked = time.perf_counter()
        connection = peer.take()
        got = time.perf_counter()
        found.waits.append(min(got, clock.ends) - asked)
        if got >= clock.ends:
            peer.give(connection)
            return
        found.counts[number] += 1
        time.sleep(WORK)
        peer.give(connection)
        if pause:
            time.sleep(pause)
        if time.perf_counter() >= clock.ends:
            return
