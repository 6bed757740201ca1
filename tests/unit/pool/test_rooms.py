"""What a service sees: never more sessions than its bound, those that are being ended included."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from coffre.contract import Connection
from coffre.pool import (
    AsyncConnectionPool,
    ConnectionPool,
    PoolEvent,
    PoolSettings,
    PoolTimeoutError,
    SharedTotal,
)
from coffre.testing import FakeClock
from tests.unit.pool.support import FakeConnection


class StrictService:
    """Knows how many sessions it has: from before one is opened until after it is closed."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.sessions = 0
        self.most = 0
        self.while_closing: Callable[[], object] = lambda: None
        self._lock = threading.Lock()

    def at(self, place: str) -> Callable[[], Connection]:
        """An opener for one of its places."""

        def open_() -> Connection:
            self.count(f"open {place}", 1)
            return cast(Connection, StrictConnection(self, place))

        return open_

    def count(self, what: str, change: int) -> None:
        with self._lock:
            self.story.append(what)
            self.sessions += change
            self.most = max(self.most, self.sessions)


class StrictConnection(FakeConnection):
    """A session that ends when its closing is over, and not before."""

    def __init__(self, service: StrictService, place: str) -> None:
        super().__init__()
        self.service = service
        self.place = place

    def close(self) -> None:
        super().close()
        self.service.while_closing()
        self.service.count(f"close {self.place}", -1)


class House:
    """Pools on one service, under one bound together where one is given."""

    def __init__(self, *, max_total: int | None = None, **settings: object) -> None:
        self.clock = FakeClock()
        self.service = StrictService()
        self.total = None if max_total is None else SharedTotal(max_total)
        self.settings = PoolSettings(**settings)  # type: ignore[arg-type]
        self.events: list[PoolEvent] = []

    def pool(self, place: str = "north") -> ConnectionPool:
        return ConnectionPool(
            self.service.at(place),
            self.settings,
            name=place,
            clock=self.clock,
            total=self.total,
            listener=self.events.append,
            chance=lambda: 1.0,
        )


@pytest.fixture
def slowly() -> Iterator[tuple[threading.Event, threading.Event]]:
    """A closing that begins, and does not end before it is told to."""
    begun, go_on = threading.Event(), threading.Event()
    yield begun, go_on
    go_on.set()


def stall(house: House, slowly: tuple[threading.Event, threading.Event]) -> None:
    begun, go_on = slowly

    def hang() -> None:
        begun.set()
        assert go_on.wait(10)

    house.service.while_closing = hang


def start(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def waiting(pool: ConnectionPool, number: int = 1) -> None:
    """Come back as soon as so many wait."""
    while len(pool.core.line) < number:
        pass


# --- several pools ---------------------------------------------------------------------------


def test_what_makes_room_for_another_pool_is_closed_before_that_opens() -> None:
    house = House(max_total=1)
    north, south = house.pool("north"), house.pool("south")
    north.lease().close()

    south.lease(timeout=5).close()

    assert house.service.story == ["open north", "close north", "open south"]
    assert house.service.most == 1


def test_what_is_returned_to_a_pool_and_makes_room_for_another_is_closed_first() -> None:
    house = House(max_total=1)
    north, south = house.pool("north"), house.pool("south")
    held = north.lease()
    other = start(lambda: south.lease(timeout=10).close())
    waiting(south)

    held.close()
    other.join(10)

    assert house.service.story == ["open north", "close north", "open south"]
    assert house.service.most == 1


def test_room_that_another_thread_is_making_is_waited_for(
    slowly: tuple[threading.Event, threading.Event],
) -> None:
    house = House(max_total=2)
    north, south = house.pool("north"), house.pool("south")
    leases = [north.lease(), north.lease()]
    for lease in leases:
        lease.close()
    stall(house, slowly)
    first = start(lambda: south.lease(timeout=10).close())
    assert slowly[0].wait(10)

    with pytest.raises(PoolTimeoutError):
        house.pool("east").lease(timeout=0)
    assert house.service.story.count("open east") == 0
    slowly[1].set()
    first.join(10)

    assert house.service.most == 2


def test_a_pool_that_nobody_has_any_more_takes_no_room_of_a_total() -> None:
    house = House(max_total=1)
    gone, north = house.pool("gone"), house.pool("north")
    gone.lease().close()
    del gone
    gc.collect()

    north.lease(timeout=0).close()

    assert house.service.story == ["open gone", "close gone", "open north"]
    del north
    gc.collect()
    house.pool("south").lease(timeout=0).close()
    house.pool("east")
    assert house.total is not None
    assert len(house.total.rules.pools) == 2, "those that hold nothing are forgotten"


def test_a_task_that_needs_room_of_another_pool_has_it_closed_first() -> None:
    house = House(max_total=1)
    north, south = house.pool("north"), house.pool("south")
    north.lease().close()

    async def work() -> None:
        (await AsyncConnectionPool(south).lease(timeout=10)).close()

    asyncio.run(work())

    assert house.service.story == ["open north", "close north", "open south"]
    assert house.service.most == 1


# --- one pool --------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["expired", "idle", "drained", "broken", "unhealthy"])
def test_the_place_of_a_connection_is_free_once_it_is_closed(
    reason: str, slowly: tuple[threading.Event, threading.Event]
) -> None:
    house = House(max_size=1, idle_timeout=100.0, max_lifetime=1000.0, nested="allow")
    pool = house.pool()
    lease = pool.lease()
    lease.hand_over()
    if reason in {"idle", "unhealthy"}:
        cast(StrictConnection, lease.connection).healthy = False
        lease.close()
        house.clock.advance(500.0 if reason == "idle" else 5.0)
    elif reason == "expired":
        house.clock.advance(1001.0)
    elif reason == "broken":
        lease.discard()
    else:
        pool.drain()
    stall(house, slowly)
    ending = start(
        pool.settle if reason == "idle" else pool.lease if lease.returned else lease.close
    )
    assert slowly[0].wait(10)

    with pytest.raises(PoolTimeoutError):
        pool.lease(timeout=0)
    second = start(lambda: pool.lease(timeout=None))
    slowly[1].set()
    ending.join(10)
    second.join(10)

    assert house.service.most == 1
    assert sum(pool.snapshot().closed_by_reason.values()) >= 1


def test_a_smaller_pool_lends_what_is_left_while_the_rest_is_closed(
    slowly: tuple[threading.Event, threading.Event],
) -> None:
    house = House(max_size=2)
    pool = house.pool()
    for lease in [pool.lease(), pool.lease()]:
        lease.close()
    stall(house, slowly)
    ending = start(lambda: pool.resize(1))
    assert slowly[0].wait(10)

    lease = pool.lease(timeout=0)
    with pytest.raises(PoolTimeoutError):
        pool.lease(timeout=0)
    assert pool.snapshot().closing == 1
    pool.resize(2)
    with pytest.raises(PoolTimeoutError):
        pool.lease(timeout=0)
    slowly[1].set()
    ending.join(10)
    pool.lease(timeout=0).close()
    lease.close()

    assert house.service.most == 2


def test_a_closing_that_hangs_loses_its_place_in_the_end(
    slowly: tuple[threading.Event, threading.Event],
) -> None:
    house = House(max_size=1, open_timeout=10.0, nested="allow")
    pool = house.pool()
    lease = pool.lease()
    lease.hand_over()
    stall(house, slowly)
    lease.discard()
    ending = start(lease.close)
    assert slowly[0].wait(10)
    house.clock.advance(19.0)
    with pytest.raises(PoolTimeoutError):
        pool.lease(timeout=0)
    house.clock.advance(2.0)

    pool.lease(timeout=0).close()

    slowly[1].set()
    ending.join(10)
    snapshot = pool.snapshot()
    assert (snapshot.idle, snapshot.closing, snapshot.opened) == (1, 0, 2)
    assert snapshot.closed_by_reason == {"broken": 1}


def test_closing_a_pool_waits_for_what_others_are_closing(
    slowly: tuple[threading.Event, threading.Event],
) -> None:
    house = House(max_size=1)
    pool = house.pool()
    lease = pool.lease()
    stall(house, slowly)
    lease.discard()
    ending = start(lease.close)
    assert slowly[0].wait(10)

    with pytest.raises(PoolTimeoutError, match="closing"):
        pool.close(timeout=0)
    slowly[1].set()
    pool.close(timeout=None)
    ending.join(10)

    assert house.service.sessions == 0


class Interruption(BaseException):
    """What Ctrl-C would do."""


def test_a_closing_that_is_interrupted_is_finished_by_who_waits_for_the_place() -> None:
    house = House(max_size=1, nested="allow")
    pool = house.pool()
    lease = pool.lease()
    lease.hand_over()
    waiter = start(lambda: pool.lease(timeout=None).close())
    waiting(pool)
    interruptions = [Interruption()]

    def interrupt() -> None:
        if interruptions:
            raise interruptions.pop()

    house.service.while_closing = interrupt
    lease.discard()

    with pytest.raises(Interruption):
        lease.close()
    waiter.join(10)

    assert not waiter.is_alive()
    assert house.service.most == 1
    assert pool.snapshot().idle == 1


def test_a_broken_connection_is_closed_before_another_is_opened_in_its_place() -> None:
    house = House(max_size=1)
    pool = house.pool()
    lease = pool.lease()
    lease.discard("lost")

    pool.renew(lease)

    assert house.service.story == ["open north", "close north", "open north"]
    lease.close()
    assert pool.snapshot().closed_by_reason == {"lost": 1}
