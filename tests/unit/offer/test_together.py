"""What a piece of work needs of several offers is set aside by their drivers, in one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from coffre.contract import ConnectionParameters, ObjectNotFoundError, StatRequest
from coffre.offer import Offer, reserved
from coffre.offer.retry import DEFAULT_RETRY, pause_before_retry
from coffre.offer.together import Need
from coffre.pool import LimitedDriver, PooledDriver, PoolTimeoutError
from coffre.testing import MemoryDriver
from tests.unit.offer.samples import REF


class Noting(MemoryDriver):
    """Notes what it is asked to set aside."""

    asked: list[list[str]]

    def __init__(self) -> None:
        super().__init__()
        self.asked = []

    @contextmanager
    def reserve_together(self, needs: Iterable[Need]) -> Iterator[None]:
        self.asked.append([parameters.url for _, parameters in needs])
        yield


def offer(driver: MemoryDriver | LimitedDriver | PooledDriver, name: str) -> Offer:
    return Offer(name, driver, ConnectionParameters(url=f"memory://together-{name}"))


def test_a_driver_that_limits_is_asked_once_for_all_its_offers() -> None:
    driver = Noting()
    with reserved([offer(driver, "north"), offer(MemoryDriver(), "plain"), offer(driver, "south")]):
        assert driver.asked == [["memory://together-north", "memory://together-south"]]


def test_an_offer_that_was_closed_needs_nothing_any_more() -> None:
    driver = Noting()
    gone = offer(driver, "gone")
    gone.close()
    with reserved([gone]):
        assert driver.asked == []


def test_offers_without_limits_are_left_alone() -> None:
    with reserved([offer(MemoryDriver(), "north")]):
        pass


def test_inside_the_block_the_connection_set_aside_is_used() -> None:
    pooled = PooledDriver(MemoryDriver(), max_size=1)
    north = offer(LimitedDriver(pooled, max_concurrent=1), "north")
    with reserved([north]):
        (before,) = pooled.snapshots()
        with pytest.raises(ObjectNotFoundError):
            north.stat(StatRequest(ref=REF))
        (inside,) = pooled.snapshots()
    (after,) = pooled.snapshots()

    assert (before.held, inside.held, after.held) == (1, 1, 0)
    assert inside.opened == 1


def test_who_has_waited_in_a_pool_does_not_queue_again() -> None:
    refused = PoolTimeoutError("nobody gave back")
    refused.offer = "north"

    def pause(*, in_doubt: bool) -> float | None:
        return pause_before_retry(
            DEFAULT_RETRY, refused, failures=1, elapsed=0.0, chance=1.0, in_doubt=in_doubt
        )

    assert pause(in_doubt=False) is None
    assert pause(in_doubt=True) is not None


def test_what_is_kept_for_an_offer_goes_when_it_is_closed() -> None:
    told: list[str] = []
    north = Offer(
        "north",
        MemoryDriver(),
        ConnectionParameters(url="memory://closing"),
        on_close=lambda: told.append("closed"),
    )
    assert north.close()
    assert told == ["closed"]
    assert north.closed
