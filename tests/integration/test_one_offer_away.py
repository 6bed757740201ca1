"""Sixty-four threads, and one of two offers on disk hangs, then fails, then comes back.

Nobody at the other offer waits for it: counted (no wait at a pool or limit they share), and
measured (the quickest of many deposits, with and without the trouble). On a real clock, with real
files; the same on a clock that stands still is in ``tests/unit/engine/test_outage.py``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coffre.contract import Driver
from coffre.drivers.filesystem import FilesystemDriver
from coffre.engine import Engine, NotEnoughCopiesError, Receipt
from coffre.engine.ledger import Ledger
from coffre.manager import DriverManager, OfferLimits, OfferSettings, OfferSnapshot
from coffre.offer import NO_RETRY
from coffre.pool import PoolEvent, PoolSettings
from coffre.pool.limiter import PermitWaiter
from coffre.testing import ChaosDriver, ErrorAfter
from coffre.testing.script import Chance
from tests.unit.engine.support import CHARTER, ref, strategy
from tests.unit.engine.watched import Watched

THREADS = 64
AT_SOUTH = 8
CONNECTIONS = 8
DEPOSITS = 30
PATIENCE = 20.0
"""Seconds; the tests take one or two."""


@dataclass(frozen=True, slots=True)
class Scene:
    engine: Engine
    manager: DriverManager
    north: Watched
    events: list[PoolEvent]
    waited: list[str] = field(default_factory=list)
    """Names of the limits at which somebody had to wait."""

    def seen(self, name: str) -> OfferSnapshot:
        (found,) = [one for one in self.manager.snapshot().offers if one.offer == name]
        return found

    def put(self, where: str, number: int) -> Receipt:
        return self.engine.put(CHARTER, ref(f"{where}-{number}"), strategy=where)

    def told(self) -> list[str]:
        return [one.kind for one in self.events if one.kind.startswith("breaker")]

    def quickest(self, start: int) -> float:
        """Seconds that the quickest of many deposits at the offer that is well takes."""
        seconds = []
        for number in range(start, start + DEPOSITS):
            begun = time.perf_counter()
            self.put("south", number)
            seconds.append(time.perf_counter() - begun)
        return min(seconds)


def wait_until(reached: Callable[[], object], scene: Scene) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, f"never reached: {scene.manager.snapshot()}"
        time.sleep(0.002)


@pytest.fixture(params=["filesystem", "chaos"])
def scene(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    before = threading.active_count()
    north = Watched(FilesystemDriver())
    driver: Driver = north
    if request.param == "chaos":
        driver = ChaosDriver(north, (Chance("put", ErrorAfter(), 0.2),), seed=3)
    events: list[PoolEvent] = []
    waited: list[str] = []
    sleep = PermitWaiter.sleep

    def seen_to_sleep(waiter: PermitWaiter, now: float) -> None:
        waited.append(waiter.limit.name)
        sleep(waiter, now)

    monkeypatch.setattr(PermitWaiter, "sleep", seen_to_sleep)
    pool = PoolSettings(
        max_size=CONNECTIONS,
        max_opening=CONNECTIONS,
        first_backoff=0.0,
        longest_backoff=0.0,
        first_rest=0.05,
    )
    offers = [
        OfferSettings(
            id=name,
            driver=name,
            url=f"file://{tmp_path / name}",
            parameters={"create": True, "flush": False},
            retry=NO_RETRY,
            limits=OfferLimits(pool=pool),
        )
        for name in ("north", "south")
    ]
    drivers = {"north": driver, "south": FilesystemDriver()}
    with (
        DriverManager(offers, drivers=drivers, listener=events.append) as manager,
        Ledger.open(str(tmp_path / "ledger.db"), author="tester", busy_timeout_s=60) as ledger,
    ):
        strategies = {name: strategy(name, name, required=1) for name in ("north", "south")}
        engine = Engine(manager, strategies, ledger, author="tester")
        yield Scene(engine, manager, north, events, waited)
    assert north.open == 0, "a connection was left open"
    assert threading.active_count() == before, "a thread was lost"


def ended(futures: list[Future[Receipt]]) -> list[BaseException | None]:
    return [future.exception(timeout=PATIENCE) for future in futures]


def test_the_other_offer_is_not_slowed_and_the_one_comes_back(scene: Scene) -> None:
    alone = scene.quickest(0)
    with ThreadPoolExecutor(THREADS) as threads, ThreadPoolExecutor(AT_SOUTH) as others:
        # It hangs: everyone at it waits inside, or before its limit.
        scene.north.going.clear()
        callers = [threads.submit(scene.put, "north", number) for number in range(THREADS)]
        try:
            north = scene.seen("north").threads
            wait_until(lambda: scene.north.hanging == CONNECTIONS, scene)
            wait_until(
                lambda: scene.seen("north").threads.waiting == THREADS - north.max_concurrent,
                scene,
            )
            receipts = list(others.map(lambda number: scene.put("south", number), range(100, 200)))
            beside = scene.quickest(200)
            assert not any(caller.done() for caller in callers)
        finally:
            # Then it fails.
            scene.north.down = True
            scene.north.going.set()
        assert {type(one) for one in ended(callers)} == {NotEnoughCopiesError}

    assert len(receipts) == 100
    assert beside <= 2 * alone, "the quickest deposit took twice as long"
    assert set(scene.waited) == {"offer north"}, "somebody else waited"
    south = scene.seen("south")
    assert sum(south.pool.waits) <= south.pool.opened, "somebody waited for more than an opening"
    assert (south.pool.timed_out, south.pool.failed, south.threads.timed_out) == (0, 0, 0)

    with ThreadPoolExecutor(THREADS) as threads:
        refused = [threads.submit(scene.put, "north", 1000 + one) for one in range(THREADS)]
        assert {type(one) for one in ended(refused)} == {NotEnoughCopiesError}
    assert "breaker-open" in scene.told()

    # And it comes back.
    scene.north.down = False

    def stored() -> bool:
        try:
            scene.put("north", 2000)
        except NotEnoughCopiesError:
            return False
        return True

    wait_until(stored, scene)
    assert scene.told()[-1] == "breaker-closed"
    found = scene.seen("north")
    assert (found.pool.held, found.pool.waiting, found.pool.leaks) == (0, 0, 0)
    assert (found.threads.inside, found.threads.waiting) == (0, 0)
    assert scene.north.most_open <= CONNECTIONS
