"""An offer is measured by what it does, recommended by its rates, and left as it was."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from coffre.contract import ConnectionParameters, ListRequest, OfferUnavailableError
from coffre.manager.measuring import CONTAINER, Measured, measure, recommended, steps
from coffre.offer import Offer
from coffre.testing import ChaosDriver, ErrorAfter, ErrorBefore, MemoryDriver, MemoryOffer


@pytest.fixture
def chaos() -> ChaosDriver:
    return ChaosDriver(MemoryDriver())


@pytest.fixture
def offer(chaos: ChaosDriver) -> Iterator[Offer]:
    url = f"memory://{uuid.uuid4().hex}"
    yield Offer("north", chaos, ConnectionParameters(url=url))
    MemoryOffer.discard(url)


def measured(offer: Offer, up_to: int = 1) -> list[Measured]:
    return list(measure(offer, up_to=up_to, seconds=0.1, size=100))


def left(offer: Offer) -> list[str]:
    with offer.list(ListRequest(tenant=0, container=CONTAINER)) as listing:
        return [entry.identifier for entry in listing]


def test_connections_are_doubled_up_to_the_last() -> None:
    assert steps(1) == [1]
    assert steps(8) == [1, 2, 4, 8]
    assert steps(11) == [1, 2, 4, 8, 11]


def test_every_step_puts_reads_and_cleans_up(offer: Offer) -> None:
    found = measured(offer, up_to=3)

    assert [one.connections for one in found] == [1, 2, 3]
    for one in found:
        assert one.puts > 0
        assert one.gets > 0
        assert 0 < one.put_median <= one.put_p99
        assert (one.failures, one.left) == (0, 0)
    assert left(offer) == []


def test_a_put_whose_answer_was_lost_is_deleted_too(offer: Offer, chaos: ChaosDriver) -> None:
    chaos.inject("put", ErrorAfter(), nth=2, times=3)

    (found,) = measured(offer)

    assert found.failures == 3
    assert "the answer was lost" in found.reason
    assert left(offer) == []


def test_what_could_not_be_deleted_is_told(offer: Offer, chaos: ChaosDriver) -> None:
    chaos.inject("delete", ErrorBefore(), times=2)

    (found,) = measured(offer)

    assert found.left == 2
    assert len(left(offer)) == 2


def test_an_offer_that_cannot_be_reached_is_not_measured(offer: Offer, chaos: ChaosDriver) -> None:
    chaos.inject("connect", ErrorBefore(), times=None)

    with pytest.raises(OfferUnavailableError):
        measured(offer)


def test_an_offer_on_which_nothing_works_has_no_recommendation(
    offer: Offer, chaos: ChaosDriver
) -> None:
    chaos.inject("put", ErrorBefore(), times=None)

    found = measured(offer)

    assert found[0].puts == found[0].gets == 0
    assert recommended(found) is None


def test_the_fewest_that_are_nearly_as_fast_are_recommended() -> None:
    one = Measured(
        connections=1,
        puts=1,
        put_rate=100.0,
        put_median=0.0,
        put_p99=0.0,
        gets=1,
        get_rate=100.0,
        get_median=0.0,
        get_p99=0.0,
        failures=0,
    )
    found = [
        one,
        replace(one, connections=2, put_rate=190.0, get_rate=190.0),
        replace(one, connections=4, put_rate=200.0, get_rate=198.0),
        replace(one, connections=8, put_rate=150.0, get_rate=200.0),
    ]

    assert recommended(found) == 2
    assert recommended([]) is None
