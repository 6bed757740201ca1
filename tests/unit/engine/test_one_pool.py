"""Sixty-four threads over eight connections: nothing lost, and never a ninth, counted below."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from coffre.contract import CoffreError, ConnectionLostError, Driver, OfferTimeoutError
from coffre.drivers.filesystem import FilesystemDriver
from coffre.engine import Engine, NoReadableCopyError
from coffre.engine.ledger import Ledger
from coffre.manager import DriverManager, OfferLimits, OfferSettings, ThreadLimit
from coffre.offer import RetryPolicy
from coffre.pool import PoolSettings
from coffre.testing import BrokenRead, ChaosDriver, ErrorAfter, ErrorBefore
from coffre.testing.script import Chance
from tests.unit.engine.support import CHARTER, MIB, ref, strategy
from tests.unit.engine.watched import Watched

THREADS = 64
CONNECTIONS = 8
ROUNDS = 4
WEATHER = (
    Chance("connect", ErrorBefore(), 0.02),
    Chance("put", ErrorBefore(ConnectionLostError), 0.05),
    Chance("put", ErrorBefore(OfferTimeoutError), 0.05),
    Chance("put", ErrorAfter(), 0.05),
    Chance("get", ErrorBefore(ConnectionLostError), 0.05),
    Chance("get", BrokenRead(), 0.05),
    Chance("stat", ErrorBefore(), 0.05),
)
"""Every failure that shows as an error, sessions lost among them."""


@dataclass(frozen=True, slots=True)
class Scene:
    engine: Engine
    manager: DriverManager
    watched: Watched


@pytest.fixture(params=["filesystem", "chaos"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    before = threading.active_count()
    watched = Watched(FilesystemDriver())
    driver: Driver = watched
    if request.param == "chaos":
        driver = ChaosDriver(watched, WEATHER, seed=8)
    settings = OfferSettings(
        id="north",
        driver="filesystem",
        url=f"file://{tmp_path / 'north'}",
        parameters={"create": True, "flush": False},
        retry=RetryPolicy(attempts=20, first_pause=0.0, longest_pause=0.0),
        limits=OfferLimits(
            pool=PoolSettings(
                max_size=CONNECTIONS, first_backoff=0.0, longest_backoff=0.0, failure_budget=50
            ),
            limit=ThreadLimit(threads=THREADS),
        ),
    )
    strategies = {"default": strategy("default", "north", required=1)}
    with (
        DriverManager([settings], drivers={"filesystem": driver}) as manager,
        Ledger.open(str(tmp_path / "ledger.db"), author="tester", busy_timeout_s=60) as ledger,
    ):
        yield Scene(Engine(manager, strategies, ledger, author="tester"), manager, watched)
    assert watched.open == 0, "a connection was left open"
    assert threading.active_count() == before, "a thread was left running"


def read(engine: Engine, name: str, most: int = -1) -> bytes:
    """The bytes of an object; a stream that breaks off is read again, as any client would."""
    for attempt in range(20):
        try:
            with engine.get(ref(name)) as reader:
                return reader.read(most)
        except NoReadableCopyError:
            if attempt == 19:
                raise
    pytest.fail("never read")


def test_nothing_is_lost_and_never_more_than_eight_connections(scene: Scene) -> None:
    lost: list[str] = []
    done: list[str] = []

    def work(thread: int) -> None:
        for round_ in range(ROUNDS):
            name = f"{thread}-{round_}"
            data = name.encode() * (MIB // 4 if round_ == 0 and thread % 16 == 0 else 100)
            try:
                scene.engine.put(data, ref(name))
                (done if read(scene.engine, name) == data else lost).append(name)
            except CoffreError as error:
                lost.append(f"{name}: {error!r}")

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, range(THREADS)))

    assert lost == []
    assert len(done) == THREADS * ROUNDS
    assert 1 <= scene.watched.most_open <= CONNECTIONS
    assert scene.watched.shared == 0
    (north,) = scene.manager.snapshot().offers
    assert (north.pool.held, north.pool.waiting, north.pool.leaks) == (0, 0, 0)
    assert (north.threads.inside, north.threads.waiting) == (0, 0)
    assert north.pool.opened == north.pool.idle + sum(north.pool.closed_by_reason.values())


def test_streams_left_open_by_many_threads_give_their_connections_back(scene: Scene) -> None:
    for number in range(THREADS):
        scene.engine.put(CHARTER, ref(f"one-{number}"))

    def work(number: int) -> bytes:
        return read(scene.engine, f"one-{number}", 4)

    with ThreadPoolExecutor(THREADS) as threads:
        assert set(threads.map(work, range(THREADS))) == {CHARTER[:4]}

    assert scene.watched.most_open <= CONNECTIONS
    (north,) = scene.manager.snapshot().offers
    assert (north.pool.held, north.threads.inside) == (0, 0)
