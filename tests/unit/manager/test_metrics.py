"""What a scrape tells: every pool and limit, from one snapshot; and nothing without the library."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from coffre.contract import GetRequest, ObjectRef, PutRequest
from coffre.manager import (
    DriverManager,
    DriverSettings,
    MetricsMissingError,
    OfferSettings,
    ThreadLimit,
)
from coffre.manager.metrics import PoolCollector
from coffre.streams import BytesContent
from coffre.testing import MemoryDriver, MemoryOffer

REF = ObjectRef(tenant=0, container="object", identifier="charter")


@pytest.fixture
def manager() -> Iterator[DriverManager]:
    url = f"memory://{uuid.uuid4().hex}"
    shared = {"memory": DriverSettings(limit=ThreadLimit(threads=3))}
    with DriverManager(
        [OfferSettings(id="north", driver="memory", url=url)],
        drivers={"memory": MemoryDriver()},
        driver_settings=shared,
    ) as manager:
        yield manager
    MemoryOffer.discard(url)


def scraped(manager: DriverManager) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(PoolCollector(manager))
    lines = generate_latest(registry).decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


def test_connections_and_threads_are_told_by_offer(manager: DriverManager) -> None:
    manager["north"].put(PutRequest(ref=REF, content=BytesContent(b"x"), size=1))
    with manager["north"].get(GetRequest(ref=REF)):
        found = scraped(manager)

    assert found['coffre_pool_connections{offer="north",state="held"}'] == 1
    assert found['coffre_pool_connections{offer="north",state="idle"}'] == 0
    assert found['coffre_pool_connections_max{offer="north"}'] == 10
    assert found['coffre_pool_checkouts_total{offer="north"}'] == 2
    assert found['coffre_pool_opened_total{offer="north"}'] == 1
    assert found['coffre_pool_breaker{offer="north"}'] == 0
    assert found['coffre_pool_wait_seconds_bucket{le="+Inf",offer="north"}'] >= 0
    assert found['coffre_threads{name="north",scope="offer"}'] == 1
    assert found['coffre_threads_max{name="memory",scope="driver"}'] == 3
    assert found['coffre_threads_max{name="all",scope="all"}'] == 64


def test_an_offer_that_comes_later_is_told_as_well(manager: DriverManager) -> None:
    registry = CollectorRegistry()
    registry.register(PoolCollector(manager))
    manager.add(OfferSettings(id="late", driver="memory", url="memory://late"))

    assert 'offer="late"' in generate_latest(registry).decode()


def test_without_the_library_it_is_said_how_to_get_it(
    manager: DriverManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "prometheus_client.core", None)

    with pytest.raises(MetricsMissingError, match=r"pip install 'coffre\[prometheus\]'"):
        PoolCollector(manager)
