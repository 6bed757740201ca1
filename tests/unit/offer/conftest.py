"""One offer over a scripted driver, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.offer import Offer, RetryPolicy
from coffre.testing import FakeClock, MemoryOffer
from tests.unit.offer.scripted import Script, ScriptedDriver

POLICY = RetryPolicy(attempts=4, first_pause=1.0, longest_pause=8.0, deadline=60.0)


@pytest.fixture
def driver() -> Iterator[ScriptedDriver]:
    driver = ScriptedDriver()
    yield driver
    MemoryOffer.discard(driver.memory.url)
    assert driver.script.open == 0, "a connection was left open"


@pytest.fixture
def script(driver: ScriptedDriver) -> Script:
    return driver.script


@pytest.fixture
def memory(driver: ScriptedDriver) -> MemoryOffer:
    return driver.memory


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def offer(driver: ScriptedDriver, clock: FakeClock) -> Offer:
    return Offer("north", driver, driver.where, retry=POLICY, clock=clock, chance=lambda: 0.5)
