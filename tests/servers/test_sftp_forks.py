"""Many threads, many operations, and children: nothing is left over, nobody speaks for another."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from coffre.conformance.forking import in_a_child
from coffre.conformance.together import open_descriptors
from coffre.contract import (
    Connection,
    DeleteRequest,
    GetRequest,
    ListRequest,
    ObjectNotFoundError,
    StatRequest,
)
from coffre.drivers.sftp import SftpDriver
from coffre.pool import PooledDriver, PoolSettings
from tests.conformance.deposits import deposit, named
from tests.servers.sftp_harness import SERVER, SftpHarness, offer_on

DATA = bytes(range(256)) * 64


@pytest.fixture
def offer() -> Iterator[SftpHarness]:
    yield from offer_on(SftpDriver(), SERVER)


def live(connection: Connection, name: str) -> None:
    """Six operations on one object, one of which fails."""
    connection.put(deposit(name, DATA))
    with connection.get(GetRequest(ref=named(name))) as opened:
        assert opened.stream.read() == DATA
    assert connection.stat(StatRequest(ref=named(name))).size == len(DATA)
    connection.delete(DeleteRequest(ref=named(name)))
    with pytest.raises(ObjectNotFoundError):
        connection.get(GetRequest(ref=named(name)))
    with connection.get(GetRequest(ref=named("held"))) as left:
        left.stream.read(1)


def test_sixteen_threads_share_the_sessions_of_a_pool(offer: SftpHarness) -> None:
    threads = threading.active_count()
    descriptors = open_descriptors()
    with (
        PooledDriver(SftpDriver(), PoolSettings(max_size=8)) as driver,
        ThreadPoolExecutor(16) as workers,
    ):
        with driver.connect(offer.parameters) as connection:
            connection.put(deposit("held", DATA))

        def work(number: int) -> None:
            for turn in range(5):
                with driver.connect(offer.parameters) as connection:
                    live(connection, f"n{number}-{turn}")

        list(workers.map(work, range(16)))
        with (
            driver.connect(offer.parameters) as connection,
            connection.list(ListRequest(tenant=0, container="object")) as listing,
        ):
            assert [entry.identifier for entry in listing] == ["held"]

    assert threading.active_count() <= threads + 1, "one thread for each session ends with it"
    assert open_descriptors() <= descriptors + 1


def test_many_operations_leave_nothing_behind(offer: SftpHarness) -> None:
    with SftpDriver().connect(offer.parameters) as connection:
        connection.put(deposit("held", DATA))
        live(connection, "first")
        gc.collect()
        objects = len(gc.get_objects())

        for number in range(100):
            live(connection, f"n{number}")

        gc.collect()
        more = len(gc.get_objects()) - objects
        exchange = connection._remote.exchange
        assert more < 300, f"{more} objects more after 600 operations"
        assert len(exchange._kept) + len(exchange._dropped) < 10, "answers that nobody waits for"


def test_children_of_a_busy_parent_open_their_own(offer: SftpHarness) -> None:
    driver = SftpDriver()
    stop = threading.Event()
    numbers = count()

    def busy() -> None:
        with driver.connect(offer.parameters) as connection:
            connection.put(deposit("held", DATA))
            while not stop.is_set():
                live(connection, f"of-the-parent-{next(numbers)}")

    def child(idle: Connection) -> None:
        with pytest.raises(Exception, match="opened by another process"):
            idle.get(GetRequest(ref=named("held")))
        idle.close()
        with driver.connect(offer.parameters) as own:
            live(own, "of-the-child")

    with ThreadPoolExecutor(3) as workers, driver.connect(offer.parameters) as idle:
        going = [workers.submit(busy) for _ in range(3)]
        try:
            said = [in_a_child(lambda: child(idle)).said for _ in range(5)]
        finally:
            stop.set()
        assert said == ["ok"] * 5
        for one in going:
            one.result(timeout=30)
        with idle.get(GetRequest(ref=named("held"))) as opened:
            assert opened.stream.read() == DATA, "the parent's session goes on"
