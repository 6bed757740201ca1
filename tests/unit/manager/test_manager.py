"""Offers that are open: each once, coming and going while others are at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from coffre.contract import (
    ConnectionParameters,
    Driver,
    DriverNotFoundError,
    GetRequest,
    InvalidReferenceError,
    ObjectRef,
    OfferUnavailableError,
    Parameter,
    ParameterError,
    PutRequest,
    Secret,
)
from coffre.manager import (
    DriverManager,
    OfferExistsError,
    OfferNotOpenError,
    OfferSettings,
)
from coffre.offer import NO_RETRY
from coffre.pool import LimitedDriver
from coffre.streams import BytesContent
from coffre.testing import FakeClock, MemoryDriver, MemoryOffer

REF = ObjectRef(tenant=0, container="object", identifier="charter")
PUT = PutRequest(ref=REF, content=BytesContent(b"charter"), size=7)


class Keyed(MemoryDriver):
    """A memory driver that wants a key."""

    parameters = (
        Parameter(name="user", help="Who is asking."),
        Parameter(name="key", help="The key of the service.", type=Secret, required=True),
    )


def settings(offer_id: str = "north", **changes: object) -> OfferSettings:
    found = {"id": offer_id, "driver": "memory", "url": f"memory://manager-{offer_id}"} | changes
    return OfferSettings(**found)  # type: ignore[arg-type]


@pytest.fixture
def drivers() -> dict[str, Driver]:
    return {"memory": MemoryDriver(), "keyed": Keyed()}


@pytest.fixture
def manager(drivers: dict[str, Driver]) -> Iterator[DriverManager]:
    with DriverManager([settings("north"), settings("south")], drivers=drivers) as manager:
        yield manager
    for name in ("north", "south", "east"):
        MemoryOffer.discard(f"memory://manager-{name}")


def test_offers_are_found_by_id(manager: DriverManager) -> None:
    assert list(manager) == ["north", "south"]
    assert manager["south"].id == "south"
    assert len(manager) == 2
    assert "east" not in manager
    assert repr(manager) == "DriverManager(north, south)"


def test_two_offers_cannot_have_one_id(manager: DriverManager) -> None:
    before = manager["north"]

    with pytest.raises(OfferExistsError, match="north") as caught:
        manager.add(settings("north", url="memory://elsewhere"))

    assert caught.value.code == "offer-exists"
    assert manager["north"] is before


def test_one_driver_object_serves_all_its_offers(manager: DriverManager) -> None:
    north, south = (manager[name].driver for name in ("north", "south"))

    assert isinstance(north, LimitedDriver)
    assert isinstance(south, LimitedDriver)
    assert north.inside is south.inside


def test_parameters_are_checked_and_typed(drivers: dict[str, Driver]) -> None:
    with DriverManager(drivers=drivers) as manager:
        offer = manager.add(settings(driver="keyed", parameters={"key": "hunter2", "user": "ada"}))

        assert isinstance(offer.parameters["key"], Secret)
        assert "hunter2" not in repr(offer) + repr(manager)


def test_settings_do_not_show_their_parameters() -> None:
    assert "hunter2" not in repr(settings(parameters={"key": "hunter2"}))


def test_parameters_that_the_driver_does_not_understand_are_refused(
    drivers: dict[str, Driver],
) -> None:
    with DriverManager(drivers=drivers) as manager:
        with pytest.raises(ParameterError, match="colour") as caught:
            manager.add(settings(parameters={"colour": "blue"}))

        assert caught.value.offer == "north"
        assert list(manager) == []


def test_a_driver_that_is_not_installed_is_named() -> None:
    with DriverManager() as manager, pytest.raises(DriverNotFoundError, match="'punchcards'"):
        manager.add(settings(driver="punchcards"))


@pytest.mark.parametrize("name", ["", "no rth", "../north", "nörth"])
def test_an_id_is_an_identifier(manager: DriverManager, name: str) -> None:
    with pytest.raises(InvalidReferenceError):
        manager.add(settings(name, url="memory://x"))


def test_retries_follow_the_settings(drivers: dict[str, Driver]) -> None:
    clock = FakeClock()
    with DriverManager([settings(retry=NO_RETRY)], drivers=drivers, clock=clock) as manager:
        MemoryOffer.at("memory://manager-north").fail_next(OfferUnavailableError("maintenance"))

        with pytest.raises(OfferUnavailableError):
            manager["north"].put(PUT)

    assert clock.slept == []


def test_something_can_be_put_around_a_driver(drivers: dict[str, Driver]) -> None:
    class Pool(MemoryDriver):
        def __init__(self, inner: Driver, offer: str) -> None:
            self.inner, self.offer = inner, offer

    with DriverManager(
        [settings("north")], drivers=drivers, wrap=lambda driver, s: Pool(driver, s.id)
    ) as manager:
        wrapped = manager["north"].driver

    assert isinstance(wrapped, Pool)
    assert (wrapped.inner, wrapped.offer) == (drivers["memory"], "north")


def test_an_offer_can_be_added_while_others_work(manager: DriverManager) -> None:
    manager["north"].put(PUT)
    manager.add(settings("east"))
    manager["east"].put(PUT)

    assert list(manager) == ["north", "south", "east"]


def test_a_removed_offer_finishes_its_open_work(manager: DriverManager) -> None:
    offer = manager["north"]
    offer.put(PUT)
    result = offer.get(GetRequest(ref=REF))

    assert not manager.remove("north", timeout=0), "a stream is still open"
    assert "north" not in manager
    with pytest.raises(OfferUnavailableError, match="closed"):
        offer.put(PUT)
    assert result.stream.read() == b"charter"

    result.stream.close()

    assert offer.close(timeout=0)


def test_the_id_of_a_removed_offer_is_free_again(manager: DriverManager) -> None:
    manager.remove("north")

    assert manager.add(settings("north")).id == "north"


def test_what_is_not_open_cannot_be_removed(manager: DriverManager) -> None:
    with pytest.raises(OfferNotOpenError, match="east"):
        manager.remove("east")


def test_items_stand_still_while_offers_go(manager: DriverManager) -> None:
    seen = []
    for name, offer in manager.items():
        seen.append((name, offer.id))
        if "south" in manager:
            manager.remove("south")

    assert seen == [("north", "north"), ("south", "south")]


def test_of_many_threads_that_add_one_id_exactly_one_wins(drivers: dict[str, Driver]) -> None:
    outcomes = []
    with DriverManager(drivers=drivers) as manager:
        barrier = threading.Barrier(8)

        def add() -> None:
            barrier.wait(timeout=10)
            try:
                outcomes.append(manager.add(settings("north")).id)
            except OfferExistsError as error:
                outcomes.append(error.code)

        threads = [threading.Thread(target=add) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(outcomes) == ["north"] + ["offer-exists"] * 7


def test_leaving_the_block_closes_every_offer(drivers: dict[str, Driver]) -> None:
    with DriverManager([settings("north")], drivers=drivers) as manager:
        offer = manager["north"]

    with pytest.raises(OfferUnavailableError, match="closed"):
        offer.put(PUT)
    assert list(manager) == []


def test_a_stream_that_nobody_closed_is_logged_and_left(
    manager: DriverManager, caplog: pytest.LogCaptureFixture
) -> None:
    manager["north"].put(PUT)
    result = manager["north"].get(GetRequest(ref=REF))

    manager.close(timeout=0)

    assert "'north' was left with work still open" in caplog.text
    result.stream.close()


# --- availability --------------------------------------------------------------------------------


class Hanging(MemoryDriver):
    """A driver whose service never answers."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.let_go = threading.Event()

    def is_available(self, parameters: ConnectionParameters) -> bool:
        self.asked.set()
        return self.let_go.wait(timeout=60)


def test_every_offer_is_asked(manager: DriverManager) -> None:
    MemoryOffer.at("memory://manager-south").online = False

    answers = manager.check()

    assert [(a.offer, a.available) for a in answers] == [("north", True), ("south", False)]
    assert all(answer.seconds is not None for answer in answers)


def test_an_offer_that_hangs_does_not_hold_up_the_others(drivers: dict[str, Driver]) -> None:
    hanging = Hanging()
    with DriverManager(
        [settings("north", driver="hanging"), settings("south")],
        drivers=drivers | {"hanging": hanging},
    ) as manager:
        north, south = manager.check(timeout=0.2)
        hanging.let_go.set()

    assert (north.available, north.seconds) == (False, None)
    assert south.available
    assert hanging.asked.is_set()


def test_no_offers_need_no_answer(drivers: dict[str, Driver]) -> None:
    assert DriverManager(drivers=drivers).check() == []
