"""Every offer has a pool and limits; what shares a driver, or a place, shares what it should."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator

import pytest

from coffre.contract import (
    GetRequest,
    InvalidRequestError,
    ObjectRef,
    OfferUnavailableError,
    PutRequest,
    StatRequest,
)
from coffre.manager import (
    DriverManager,
    DriverSettings,
    OfferLimits,
    OfferSettings,
    ThreadLimit,
    unwrapped,
)
from coffre.offer import NO_RETRY
from coffre.pool import LimitedDriver, PoolClosedError, PooledDriver, PoolEvent, PoolSettings
from coffre.streams import BytesContent
from coffre.testing import MemoryDriver, MemoryOffer

REF = ObjectRef(tenant=0, container="object", identifier="charter")


@pytest.fixture
def prefix() -> Iterator[str]:
    prefix = f"memory://{uuid.uuid4().hex}"
    yield prefix
    for name in ("north", "south", "shared"):
        MemoryOffer.discard(f"{prefix}-{name}")


def settings(
    prefix: str, name: str, place: str | None = None, limits: OfferLimits | None = None
) -> OfferSettings:
    return OfferSettings(
        id=name,
        driver="memory",
        url=f"{prefix}-{place or name}",
        retry=NO_RETRY,
        limits=limits or OfferLimits(),
    )


def manager_of(*offers: OfferSettings, **named: object) -> DriverManager:
    return DriverManager(offers, drivers={"memory": MemoryDriver()}, **named)  # type: ignore[arg-type]


def put(manager: DriverManager, name: str) -> None:
    manager[name].put(PutRequest(ref=REF, content=BytesContent(b"x"), size=1))


def test_every_offer_is_limited_around_a_pool(prefix: str) -> None:
    with manager_of(settings(prefix, "north")) as manager:
        limited = manager["north"].driver

        assert isinstance(limited, LimitedDriver)
        assert isinstance(limited.inside, PooledDriver)


def test_limits_are_taken_from_the_narrow_to_the_wide(prefix: str) -> None:
    shared = {"memory": DriverSettings(limit=ThreadLimit(threads=5))}
    with manager_of(settings(prefix, "north"), driver_settings=shared) as manager:
        limited = manager["north"].driver

        assert isinstance(limited, LimitedDriver)
        assert [one.name for one in limited.limiters] == [
            "offer north",
            "driver memory",
            "all offers",
        ]


def test_a_connection_is_used_again(prefix: str) -> None:
    with manager_of(settings(prefix, "north")) as manager:
        put(manager, "north")
        manager["north"].stat(StatRequest(ref=REF))

        (north,) = manager.snapshot().offers
        assert (north.pool.opened, north.pool.idle, north.pool.held) == (1, 1, 0)


def test_a_stream_keeps_its_connection_and_its_permit_until_it_is_closed(prefix: str) -> None:
    with manager_of(settings(prefix, "north")) as manager:
        put(manager, "north")
        with manager["north"].get(GetRequest(ref=REF)):
            (open_,) = manager.snapshot().offers
        (closed,) = manager.snapshot().offers

    assert (open_.pool.held, open_.threads.inside) == (1, 1)
    assert [lease.holder for lease in open_.pool.leases] == ["MainThread"]
    assert (closed.pool.held, closed.threads.inside) == (0, 0)


def test_two_places_are_two_pools_and_one_place_is_one(prefix: str) -> None:
    offers = [
        settings(prefix, "north"),
        settings(prefix, "south"),
        settings(prefix, "twin", "south"),
    ]
    with manager_of(*offers) as manager:
        pools = {one.offer: one.pool.name for one in manager.snapshot().offers}

        assert pools["north"] != pools["south"] == pools["twin"]


def test_a_shared_pool_has_the_settings_of_the_offer_opened_first(
    prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    def limited(size: int) -> OfferLimits:
        return OfferLimits(pool=PoolSettings(max_size=size))

    with manager_of(
        settings(prefix, "north", "shared", limited(3)),
        settings(prefix, "south", "shared", limited(9)),
    ) as manager:
        assert [one.pool.max_size for one in manager.snapshot().offers] == [3, 3]

    assert "offer 'south' shares a pool" in caplog.text


def test_an_offer_that_is_removed_leaves_no_connection_behind(prefix: str) -> None:
    with manager_of(settings(prefix, "north")) as manager:
        put(manager, "north")
        pool = manager["north"].driver.inside.pools[0]  # type: ignore[attr-defined]

        assert manager.remove("north")

        assert (pool.snapshot().idle, pool.snapshot().closed) == (0, True)


def test_a_pool_that_is_shared_stays_until_the_last_offer_is_removed(prefix: str) -> None:
    both = (settings(prefix, "north", "shared"), settings(prefix, "south", "shared"))
    with manager_of(*both) as manager:
        manager.remove("north")
        put(manager, "south")

        (south,) = manager.snapshot().offers
        assert not south.pool.closed


def test_an_offer_can_be_added_again_with_other_settings(prefix: str) -> None:
    with manager_of(settings(prefix, "north")) as manager:
        manager.remove("north")
        manager.add(settings(prefix, "north", limits=OfferLimits(pool=PoolSettings(max_size=2))))
        put(manager, "north")

        (north,) = manager.snapshot().offers
        assert (north.pool.max_size, north.pool.opened) == (2, 1)


def test_a_second_offer_of_one_id_takes_nothing_from_the_first(prefix: str) -> None:
    with manager_of(settings(prefix, "north")) as manager:
        with pytest.raises(ValueError, match="open already"):
            manager.add(settings(prefix, "north"))
        put(manager, "north")


def test_a_closed_manager_lends_nothing(prefix: str) -> None:
    with manager_of(settings(prefix, "north")) as manager:
        offer = manager["north"]
        put(manager, "north")

    with pytest.raises(OfferUnavailableError):
        offer.stat(StatRequest(ref=REF))
    with pytest.raises(PoolClosedError):
        offer.driver.connect(offer.parameters)


def test_a_connection_still_lent_at_the_end_is_named_in_the_log(
    prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    manager = manager_of(settings(prefix, "north"))
    put(manager, "north")
    stream = manager["north"].get(GetRequest(ref=REF)).stream

    manager.close(timeout=0)
    stream.close()

    assert "MainThread" in caplog.text


def test_the_total_of_a_driver_binds_all_its_offers(prefix: str) -> None:
    total = {"memory": DriverSettings(max_total=1)}
    offers = [settings(prefix, "north"), settings(prefix, "south")]
    with manager_of(*offers, driver_settings=total) as manager:
        put(manager, "north")
        put(manager, "south")

        assert [one.pool.idle for one in manager.snapshot().offers] == [0, 1]


def test_an_application_can_do_without_pools(prefix: str) -> None:
    with manager_of(settings(prefix, "north"), wrap=unwrapped) as manager:
        assert isinstance(manager["north"].driver, MemoryDriver)
        assert manager.snapshot().offers == ()


def test_a_listener_is_told_and_so_is_the_log(
    prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[PoolEvent] = []
    caplog.set_level(logging.DEBUG, logger="coffre.pool.events")
    with manager_of(settings(prefix, "north"), listener=events.append) as manager:
        put(manager, "north")

    assert [event.kind for event in events] == ["granted", "opened", "closed"]
    told = [one for one in caplog.records if one.name == "coffre.pool.events"]
    assert [(one.event, one.pool) for one in told] == [(one.kind, one.pool) for one in events]  # type: ignore[attr-defined]


def test_a_snapshot_is_told_in_json(prefix: str) -> None:
    with manager_of(settings(prefix, "north")) as manager:
        told = manager.snapshot().to_json()

    assert list(told["offers"]) == ["north"]  # type: ignore[call-overload]
    assert [limit["name"] for limit in told["limits"]] == ["all offers"]  # type: ignore[attr-defined]


def test_a_limit_lets_at_least_one_thread_in() -> None:
    with pytest.raises(InvalidRequestError, match="at least one"):
        ThreadLimit(threads=0)
