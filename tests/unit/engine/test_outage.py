"""An offer hangs, then fails, then recovers: nobody else notices, and no thread is lost.

Measured by counts on a clock that stands still: who has finished while the offer hangs, how often
it was asked while it was away, and that it is asked again once it has rested.
"""

from __future__ import annotations

import faulthandler
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from coffre.contract import CoffreError
from coffre.engine import Engine, NotEnoughCopiesError, Receipt
from coffre.engine.ledger import Ledger
from coffre.manager import DriverManager, OfferLimits, OfferSettings, OfferSnapshot, ThreadLimit
from coffre.offer import NO_RETRY
from coffre.pool import PoolEvent, PoolSettings
from coffre.testing import FakeClock, MemoryDriver, MemoryOffer
from tests.unit.engine.support import CHARTER, ref, strategy
from tests.unit.engine.watched import Watched

BUDGET = 5
AT_NORTH = 4
EVERYWHERE = 6
CALLERS = 20
"""More than all threads that may be at work: they would fill any limit that is shared."""


@dataclass(frozen=True, slots=True)
class Scene:
    engine: Engine
    manager: DriverManager
    north: Watched
    clock: FakeClock
    events: list[PoolEvent]

    def seen(self, name: str = "north") -> OfferSnapshot:
        (found,) = [one for one in self.manager.snapshot().offers if one.offer == name]
        return found

    def put(self, where: str, number: int) -> Receipt:
        return self.engine.put(CHARTER, ref(f"{where}-{number}"), strategy=where)

    def told(self) -> list[str]:
        return [one.kind for one in self.events if one.kind.startswith("breaker")]


def settings(name: str) -> OfferSettings:
    return OfferSettings(
        id=name,
        driver=name,
        url=f"memory://outage-{name}",
        retry=NO_RETRY,
        limits=OfferLimits(
            # No pauses between openings: on a clock that stands still they would never end.
            pool=PoolSettings(
                max_size=2, failure_budget=BUDGET, first_backoff=0.0, longest_backoff=0.0
            ),
            limit=ThreadLimit(threads=AT_NORTH),
        ),
    )


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    faulthandler.dump_traceback_later(120, exit=True)
    before = threading.active_count()
    clock = FakeClock()
    north = Watched(MemoryDriver())
    events: list[PoolEvent] = []
    with (
        DriverManager(
            [settings("north"), settings("south")],
            drivers={"north": north, "south": MemoryDriver()},
            limit=ThreadLimit(threads=EVERYWHERE),
            listener=events.append,
            clock=clock,
        ) as manager,
        Ledger.open(str(tmp_path / "ledger.db"), author="tester", clock=clock) as ledger,
    ):
        strategies = {name: strategy(name, name, required=1) for name in ("north", "south")}
        engine = Engine(manager, strategies, ledger, author="tester", clock=clock)
        yield Scene(engine, manager, north, clock, events)
    for name in ("north", "south"):
        MemoryOffer.discard(f"memory://outage-{name}")
    assert threading.active_count() == before, "a thread was lost"
    faulthandler.cancel_dump_traceback_later()


def wait_until(reached: object, scene: Scene) -> None:
    """Real time, for as long as threads need to get somewhere."""
    assert callable(reached)
    for _ in range(10_000):
        if reached():
            return
        time.sleep(0.001)
    pytest.fail(f"never reached: {scene.manager.snapshot()}")


@contextmanager
def hanging(scene: Scene) -> Iterator[list[Future[Receipt]]]:
    """Callers of the offer that hangs until the block ends: some inside, some before its limit."""
    scene.north.going.clear()
    with ThreadPoolExecutor(CALLERS) as threads:
        callers = [threads.submit(scene.put, "north", number) for number in range(CALLERS)]
        try:
            wait_until(lambda: scene.north.hanging == 2, scene)
            wait_until(lambda: scene.seen().threads.waiting == CALLERS - AT_NORTH, scene)
            yield callers
        finally:
            scene.north.going.set()


def test_while_one_hangs_the_others_work_at_full_speed(scene: Scene) -> None:
    with hanging(scene) as callers:
        with ThreadPoolExecutor(2) as others:  # as many as the global limit leaves
            receipts = list(others.map(lambda number: scene.put("south", number), range(50)))

        assert len(receipts) == 50
        assert not any(caller.done() for caller in callers)
        assert scene.clock.monotonic() == 0.0
        south = scene.seen("south")
        assert (south.pool.timed_out, south.threads.timed_out) == (0, 0)
        (everywhere,) = scene.manager.snapshot().limits
        assert (everywhere.inside, everywhere.waiting) == (AT_NORTH, 0)

    assert all(caller.result().copies for caller in callers)


def test_then_it_fails_is_left_alone_and_comes_back(scene: Scene) -> None:
    with hanging(scene) as callers:
        scene.north.down = True
    for caller in callers:
        assert isinstance(caller.exception(), NotEnoughCopiesError)
    asked = scene.north.asked

    # Away: everyone is refused at once, with the reason, and it is not asked.
    for number in range(100):
        with pytest.raises(NotEnoughCopiesError, match="switched off"):
            scene.put("north", 1000 + number)
    assert scene.north.asked - asked <= BUDGET
    assert scene.seen().pool.breaker == "open"
    assert scene.told() == ["breaker-open"]

    # A minute of it, with somebody asking every half second, costs at most twenty openings.
    asked = scene.north.asked
    for number in range(120):
        scene.clock.advance(0.5)
        with pytest.raises(CoffreError):
            scene.put("north", 2000 + number)
        scene.put("south", 2000 + number)
    assert 1 <= scene.north.asked - asked <= 20

    # Back: the next one who may try closes the breaker, for everyone.
    scene.north.down = False
    scene.clock.advance(60.0)
    receipts = [scene.put("north", 3000 + number) for number in range(20)]

    assert len(receipts) == 20
    assert scene.told()[-1] == "breaker-closed"
    seen = scene.seen()
    assert (seen.pool.breaker, seen.pool.held, seen.pool.waiting) == ("closed", 0, 0)
    assert (seen.threads.inside, seen.threads.waiting) == (0, 0)
    assert scene.north.open == seen.pool.idle <= 2
