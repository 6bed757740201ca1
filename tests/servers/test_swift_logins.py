"""Swift by way of Keystone, from many threads, and in a child: whoever asks, with whatever token.

Keystone is ours, and answers as its documentation says; the Swift behind it, and its tokens, are
real.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from coffre.conformance.forking import in_a_child
from coffre.conformance.together import open_descriptors
from coffre.contract import (
    Connection,
    ConnectionParameters,
    DeleteRequest,
    Driver,
    GetRequest,
    ListRequest,
    ObjectNotFoundError,
    StatRequest,
)
from coffre.drivers.swift import SwiftDriver
from coffre.drivers.swift.connection import SwiftConnection
from coffre.pool import PooledDriver, PoolSettings
from tests.conformance.deposits import deposit, named
from tests.servers.addresses import address
from tests.servers.swift_harness import Client, SwiftHarness
from tests.unit.drivers.swift.keystone import (
    CREDENTIAL,
    DOMAIN,
    PASSWORD,
    PROJECT,
    SECRET,
    USER,
    Keystone,
    serving,
)

DATA = bytes(range(256)) * 64


class KeystoneHarness(SwiftHarness):
    """The same account, opened by Keystone."""

    def __init__(self, driver: Driver, keystone: Keystone) -> None:
        self.keystone = keystone
        super().__init__(driver, address("SWIFT"))

    def _parameters(self, driver: Driver, **values: object) -> ConnectionParameters:
        known = {"user": USER, "password": PASSWORD, "user_domain": DOMAIN, "project": PROJECT}
        given = {**known, "region": "north", "prefix": self.prefix, "timeout": 5.0, **values}
        return ConnectionParameters.checked(driver.parameters, url=self.keystone.url, values=given)


@pytest.fixture
def keystone() -> Iterator[Keystone]:
    swift = Client(address("SWIFT"))
    with serving(Keystone(swift.storage_url, token=lambda: swift.token)) as keystone:
        yield keystone


@pytest.fixture
def swift() -> SwiftHarness:
    return SwiftHarness(SwiftDriver(), address("SWIFT"))


def live(connection: Connection, name: str) -> None:
    """Six operations on one object, one of which fails."""
    connection.put(deposit(name, DATA))
    with connection.get(GetRequest(ref=named(name))) as opened:
        assert opened.stream.read() == DATA
    assert connection.stat(StatRequest(ref=named(name))).size == len(DATA)
    connection.delete(DeleteRequest(ref=named(name)))
    with pytest.raises(ObjectNotFoundError):
        connection.get(GetRequest(ref=named(name)))


@pytest.mark.parametrize("way", ["password", "credential"])
def test_an_object_lives_and_ends_under_a_token_of_keystone(keystone: Keystone, way: str) -> None:
    harness = KeystoneHarness(SwiftDriver(), keystone)
    parameters = harness.parameters
    if way == "credential":
        parameters = ConnectionParameters.checked(
            harness.driver.parameters,
            url=keystone.url,
            values={
                "application_credential": CREDENTIAL,
                "secret": SECRET,
                "region": "north",
                "prefix": harness.prefix,
            },
        )
    with SwiftConnection(parameters) as connection:
        live(connection, "charter")
    assert len(keystone.asked) == 1


def test_a_token_of_keystone_that_is_at_its_end_is_renewed_unasked(keystone: Keystone) -> None:
    keystone.lifetime = -1.0  # ended before it came: each use asks anew
    with SwiftConnection(KeystoneHarness(SwiftDriver(), keystone).parameters) as connection:
        live(connection, "charter")
    assert len(keystone.asked) > 6


def test_sixteen_threads_share_the_sessions_of_a_pool(swift: SwiftHarness) -> None:
    threads, descriptors = threading.active_count(), open_descriptors()
    with (
        PooledDriver(SwiftDriver(), PoolSettings(max_size=8)) as driver,
        ThreadPoolExecutor(16) as workers,
    ):

        def work(number: int) -> None:
            for turn in range(5):
                with driver.connect(swift.parameters) as connection:
                    live(connection, f"n{number}-{turn}")

        list(workers.map(work, range(16)))
    assert threading.active_count() <= threads
    assert open_descriptors() <= descriptors


def test_a_child_speaks_for_itself(swift: SwiftHarness) -> None:
    with SwiftConnection(swift.parameters) as connection:
        connection.put(deposit("parent", DATA))

        def child() -> None:
            live(connection, "child")
            with SwiftConnection(swift.parameters) as another:
                live(another, "another")

        assert in_a_child(child).status == 0
        live(connection, "again")
        with connection.list(ListRequest(tenant=named("x").tenant, container="object")) as found:
            assert [entry.identifier for entry in found] == ["parent"]
