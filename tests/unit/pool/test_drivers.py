"""A pool and a limit as drivers: what is lent, how long it is kept, and what is told."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path

import pytest

from coffre.contract import (
    Capability,
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    ContainersRequest,
    GetRequest,
    ListRequest,
    OfferError,
    OfferFailedError,
    OfferTimeoutError,
    OfferUnavailableError,
    PutRequest,
    StatRequest,
)
from coffre.pool import (
    LeaseReturnedError,
    LimitedDriver,
    PooledDriver,
    PoolSettings,
    PoolTimeoutError,
    Rank,
    ThreadLimiter,
    reserve,
)
from coffre.streams import Fanout, FileContent, ReadableStream
from coffre.testing import ChaosDriver, ErrorBefore, MemoryConnection, MemoryDriver, MemoryOffer
from tests.conformance.deposits import deposit, named

URL = "memory://pooled"
THERE = named("there")


@pytest.fixture
def parameters() -> ConnectionParameters:
    MemoryOffer.discard(URL)
    found = ConnectionParameters(url=URL)
    with MemoryDriver().connect(found) as connection:
        connection.put(deposit(THERE, b"some bytes"))
    return found


@pytest.fixture
def driver() -> Iterator[PooledDriver]:
    with PooledDriver(MemoryDriver(), max_size=1) as pooled:
        yield pooled


def held(driver: PooledDriver, parameters: ConnectionParameters) -> int:
    return driver.pool(parameters).snapshot().held


# --- keys ------------------------------------------------------------------------------------


def test_another_user_is_another_pool_and_the_same_one_the_same(
    driver: PooledDriver, parameters: ConnectionParameters
) -> None:
    other = ConnectionParameters(url=URL, values=(("user", "somebody"),))
    same = ConnectionParameters(url=URL)

    assert driver.pool(parameters) is driver.pool(same)
    assert driver.pool(parameters) is not driver.pool(other)
    with driver.connect(parameters) as one, driver.connect(other) as two:
        assert one.parameters == parameters
        assert two.parameters == other
    assert len(driver.snapshots()) == 2


def test_a_connection_under_other_parameters_is_never_lent(
    parameters: ConnectionParameters,
) -> None:
    closed: list[Connection] = []

    class Liar(MemoryDriver):
        def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
            made = super().connect(ConnectionParameters(url="memory://other"))
            made.close = lambda: closed.append(made)  # type: ignore[method-assign]
            return made

    with PooledDriver(Liar()) as driver, pytest.raises(OfferFailedError, match="other parameters"):
        driver.connect(parameters)
    assert len(closed) == 1


def test_the_name_of_a_pool_shows_neither_user_nor_query(parameters: ConnectionParameters) -> None:
    driver = PooledDriver(MemoryDriver())
    url = "https://reader@offers.example.org:8443/north?key=1"

    assert driver.pool(ConnectionParameters(url=url)).name == (
        "memory:https://offers.example.org:8443/north"
    )


# --- loans -----------------------------------------------------------------------------------


def test_closing_gives_back_and_the_same_session_is_lent_again(
    driver: PooledDriver, parameters: ConnectionParameters
) -> None:
    for _ in range(3):
        with driver.connect(parameters) as connection:
            assert connection.stat(StatRequest(ref=THERE)).size == 10
            assert connection.capabilities == MemoryDriver.capabilities
    snapshot = driver.pool(parameters).snapshot()
    assert (snapshot.opened, snapshot.checkouts, snapshot.idle) == (1, 3, 1)


def test_a_connection_that_was_given_back_is_of_no_use(
    driver: PooledDriver, parameters: ConnectionParameters
) -> None:
    connection = driver.connect(parameters)
    service = connection.containers
    assert callable(service)
    connection.close()
    connection.close()

    with pytest.raises(LeaseReturnedError):
        connection.stat(StatRequest(ref=THERE))
    with pytest.raises(LeaseReturnedError):
        service(ContainersRequest())
    assert driver.pool(parameters).snapshot().idle == 1


def test_an_open_stream_keeps_the_connection(
    driver: PooledDriver, parameters: ConnectionParameters
) -> None:
    with driver.connect(parameters) as connection:
        result = connection.get(GetRequest(ref=THERE))
    assert held(driver, parameters) == 1

    assert isinstance(result.stream, ReadableStream), "its buffers are lent as by the inside"
    assert result.stream.read() == b"some bytes"
    assert held(driver, parameters) == 1
    result.stream.close()
    result.stream.close()

    assert held(driver, parameters) == 0


def test_an_open_listing_keeps_the_connection(
    driver: PooledDriver, parameters: ConnectionParameters
) -> None:
    with driver.connect(parameters) as connection:
        listing = connection.list(ListRequest(tenant=0, container="object"))
    assert held(driver, parameters) == 1

    with listing:
        assert [entry.identifier for entry in listing] == ["there"]
        assert listing.complete
    assert held(driver, parameters) == 0


def test_a_service_that_names_things_one_by_one_keeps_the_connection_to_its_end(
    driver: PooledDriver, parameters: ConnectionParameters
) -> None:
    connection = driver.connect(parameters)
    found = connection.containers(ContainersRequest())  # type: ignore[operator]
    connection.close()
    assert held(driver, parameters) == 1

    assert len(list(found)) == 1
    assert held(driver, parameters) == 0


def test_a_stream_that_is_dropped_gives_the_connection_back(
    driver: PooledDriver, parameters: ConnectionParameters
) -> None:
    with driver.connect(parameters) as connection:
        connection.get(GetRequest(ref=THERE))
    del connection
    gc.collect()

    assert held(driver, parameters) == 0


@pytest.mark.parametrize(
    ("error", "lent_again"),
    [
        (ConnectionLostError("gone"), False),
        (OfferTimeoutError("late"), False),
        (KeyboardInterrupt(), False),
        (OfferUnavailableError("busy"), True),
        (ValueError("a defect"), True),
    ],
)
def test_errors_decide_whether_a_connection_is_lent_again(
    parameters: ConnectionParameters,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    lent_again: bool,
) -> None:
    def fail(self: MemoryConnection, request: StatRequest) -> None:
        raise error

    with PooledDriver(MemoryDriver()) as driver:
        connection = driver.connect(parameters)
        monkeypatch.setattr(MemoryConnection, "stat", fail)
        with pytest.raises(type(error)):
            connection.stat(StatRequest(ref=THERE))
        connection.close()

        assert driver.pool(parameters).snapshot().idle == lent_again


def test_a_pool_that_is_full_says_so_and_nothing_was_sent(
    parameters: ConnectionParameters,
) -> None:
    impatient = PooledDriver(MemoryDriver(), PoolSettings(max_size=1, timeout=0.0))
    with impatient.connect(parameters), pytest.raises(PoolTimeoutError) as caught:
        impatient.connect(parameters)
    assert isinstance(caught.value, OfferUnavailableError | TimeoutError)
    assert caught.value.code == "pool-timeout"
    assert not caught.value.effect_unknown
    impatient.close()


def test_chaos_inside_loses_sessions_not_places(parameters: ConnectionParameters) -> None:
    chaos = ChaosDriver(MemoryDriver())
    chaos.inject("stat", ErrorBefore(ConnectionLostError), times=3)
    with PooledDriver(chaos, max_size=1) as driver:
        for _ in range(3):
            with (
                driver.connect(parameters) as connection,
                pytest.raises(ConnectionLostError),
            ):
                connection.stat(StatRequest(ref=THERE))
        with driver.connect(parameters) as connection:
            connection.stat(StatRequest(ref=THERE))
        assert driver.pool(parameters).snapshot().closed_by_reason == {"lost": 3}


def test_a_service_added_to_the_contract_passes_both_wrappers(
    parameters: ConnectionParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    def thaw(self: MemoryConnection, identifier: str, *, urgent: bool = False) -> str:
        if identifier == "gone":
            raise ConnectionLostError("gone")
        return f"{identifier} thawed, urgent: {urgent}"

    monkeypatch.setattr(MemoryConnection, "thaw", thaw, raising=False)
    monkeypatch.setattr(MemoryDriver, "explain", lambda self: "memory, explained", raising=False)
    with PooledDriver(MemoryDriver()) as pooled:
        driver = LimitedDriver(pooled)
        assert driver.explain() == "memory, explained"  # type: ignore[operator]
        with driver.connect(parameters) as connection:
            found = connection.thaw("charter", urgent=True)  # type: ignore[operator]
            assert found == "charter thawed, urgent: True"
            with pytest.raises(ConnectionLostError):
                connection.thaw("gone")  # type: ignore[operator]
            assert not hasattr(connection, "freeze")
        assert pooled.pool(parameters).snapshot().closed_by_reason == {"lost": 1}


def test_a_wrapper_declares_what_the_inside_does() -> None:
    inside = MemoryDriver()
    for driver in (
        PooledDriver(inside),
        LimitedDriver(inside),
        LimitedDriver(PooledDriver(inside)),
    ):
        assert (driver.name, driver.version, driver.contract) == (
            inside.name,
            inside.version,
            inside.contract,
        )
        assert driver.parameters == inside.parameters
        assert driver.capabilities == inside.capabilities
        assert Capability.BULK_PUT in driver.capabilities
        assert "MemoryDriver" in repr(driver)


# --- limits ------------------------------------------------------------------------------------


def test_a_permit_is_held_until_the_session_and_its_streams_are_closed(
    driver: PooledDriver, parameters: ConnectionParameters
) -> None:
    limiter = ThreadLimiter(1)
    limited = LimitedDriver(driver, limiters=[limiter])
    with limited.connect(parameters) as connection:
        result = connection.get(GetRequest(ref=THERE))
    assert limiter.statistics().inside == 1

    result.stream.close()

    assert limiter.statistics().inside == 0
    assert held(driver, parameters) == 0


def test_a_session_that_cannot_be_opened_gives_its_permits_back(
    parameters: ConnectionParameters,
) -> None:
    limits = [ThreadLimiter(1, rank=Rank.GLOBAL), ThreadLimiter(1, rank=Rank.DRIVER)]
    driver = LimitedDriver(MemoryDriver(), max_concurrent=1, limiters=limits)
    MemoryOffer.at(URL).online = False

    with pytest.raises(OfferError):
        driver.connect(parameters)

    assert [limit.statistics().inside for limit in driver.limiters] == [0, 0, 0]
    assert not driver.is_available(parameters)


# --- fan-outs and copies --------------------------------------------------------------------------


def fan_out(
    drivers: list[LimitedDriver],
    parameters: list[ConnectionParameters],
    content: FileContent,
    name: str,
) -> list[object]:
    """What the engine does: reserve, one thread an offer, one ring."""
    outcomes: list[object] = [None] * len(drivers)
    needs = list(zip(drivers, parameters, strict=True))
    fanout = Fanout(content, content.size, branches=len(drivers), stall=20.0)

    def put(number: int) -> None:
        branch = fanout.branches[number]
        try:
            with drivers[number].connect(parameters[number]) as connection:
                request = PutRequest(ref=named(name), content=branch, size=content.size)
                outcomes[number] = connection.put(request).size
        except OfferError as error:
            outcomes[number] = error
        finally:
            branch.abandon()

    with reserve(needs, timeout=20.0):
        threads = [
            threading.Thread(target=copy_context().run, args=(put, number))
            for number in range(len(drivers))
        ]
        for thread in threads:
            thread.start()
        fanout.run()
        for thread in threads:
            thread.join()
    return outcomes


def test_fan_outs_do_not_stop_each_other_with_every_limit_at_one(tmp_path: Path) -> None:
    """Two puts to the same two offers, listed in opposite orders; larger than the ring."""
    source = tmp_path / "large"
    source.write_bytes(b"x" * (9 << 20))
    content = FileContent(source)
    everyone = ThreadLimiter(1, rank=Rank.GLOBAL, name="global")
    places = [ConnectionParameters(url=f"memory://fan-{side}") for side in ("north", "south")]
    for place in places:
        MemoryOffer.discard(place.url)
    pools = [PooledDriver(MemoryDriver(), max_size=1) for _ in places]
    drivers = [LimitedDriver(pool, max_concurrent=1, limiters=[everyone]) for pool in pools]
    results: list[object] = []

    def work(name: str, step: int) -> None:
        results.extend(fan_out(drivers[::step], places[::step], content, name))

    threads = [
        threading.Thread(target=work, args=(f"object-{number}", (-1) ** number))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()

    assert results == [9 << 20] * 8
    assert everyone.statistics().inside == 0
    for pool, place in zip(pools, places, strict=True):
        assert held(pool, place) == 0
        pool.close()


def test_fan_outs_do_not_stop_each_other_with_pools_of_one_and_room_for_threads(
    tmp_path: Path,
) -> None:
    source = tmp_path / "large"
    source.write_bytes(b"x" * (9 << 20))
    content = FileContent(source)
    places = [ConnectionParameters(url=f"memory://free-{side}") for side in ("north", "south")]
    for place in places:
        MemoryOffer.discard(place.url)
    pools = [PooledDriver(MemoryDriver(), max_size=1) for _ in places]
    drivers = [LimitedDriver(pool, max_concurrent=8) for pool in pools]
    results: list[object] = []
    threads = [
        threading.Thread(
            target=lambda number=number: results.extend(
                fan_out(
                    drivers[:: (-1) ** number],
                    places[:: (-1) ** number],
                    content,
                    f"object-{number}",
                )
            )
        )
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()

    assert results == [9 << 20] * 8


def test_an_offer_that_cannot_be_reserved_fails_alone(tmp_path: Path) -> None:
    source = tmp_path / "large"
    source.write_bytes(b"x" * 10)
    content = FileContent(source)
    places = [ConnectionParameters(url=f"memory://one-{side}") for side in ("up", "down")]
    for place in places:
        MemoryOffer.discard(place.url)
    MemoryOffer.at(places[1].url).online = False
    drivers = [LimitedDriver(PooledDriver(MemoryDriver(), max_size=1)) for _ in places]

    outcomes = fan_out(drivers, places, content, "object")

    assert outcomes[0] == 10
    assert isinstance(outcomes[1], OfferUnavailableError)


def test_a_reserved_connection_that_broke_is_replaced_in_its_place(
    parameters: ConnectionParameters,
) -> None:
    chaos = ChaosDriver(MemoryDriver())
    chaos.inject("stat", ErrorBefore(ConnectionLostError))
    with PooledDriver(chaos, max_size=1) as driver, reserve([(driver, parameters)]):
        with driver.connect(parameters) as connection, pytest.raises(ConnectionLostError):
            connection.stat(StatRequest(ref=THERE))
        assert held(driver, parameters) == 1, "its place stays reserved"
        with driver.connect(parameters) as connection:
            assert connection.stat(StatRequest(ref=THERE)).size == 10
        assert driver.pool(parameters).snapshot().opened == 2


def test_copies_in_opposite_directions_do_not_stop_each_other() -> None:
    places = [ConnectionParameters(url=f"memory://copy-{side}") for side in ("left", "right")]
    driver = PooledDriver(MemoryDriver(), max_size=1)
    for place in places:
        MemoryOffer.discard(place.url)
        with driver.connect(place) as connection:
            connection.put(deposit(THERE, b"some bytes"))
    done: list[int] = []

    def copy(source: ConnectionParameters, target: ConnectionParameters, number: int) -> None:
        with (
            reserve([(driver, source), (driver, target)], timeout=20.0),
            driver.connect(source) as origin,
            origin.get(GetRequest(ref=THERE)) as found,
            driver.connect(target) as destination,
        ):
            destination.put(deposit(f"copy-{number}", found.stream.read()))
        done.append(number)

    threads = [
        threading.Thread(target=copy, args=(*places[:: (-1) ** number], number))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()

    assert sorted(done) == list(range(8))
    driver.close()
