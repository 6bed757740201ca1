"""What every declared service owes: a declaration without the behaviour fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from coffre.contract import (
    BulkPutRequest,
    Capability,
    Connection,
    ContainerEntry,
    ContainersRequest,
    DeleteRequest,
    DigestAlgorithm,
    DigestMismatchError,
    GetRequest,
    ListRequest,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    RetainedError,
    StatRequest,
    SupportsBulkPut,
    SupportsContainers,
    SupportsPrepare,
    SupportsQuarantine,
    SupportsSweep,
    SweepRequest,
)
from coffre.streams import BytesContent
from tests.conformance.harness import CONTAINER, TENANT, Harness, deposit, named
from tests.conformance.putting import needs

METHODS = {
    Capability.BULK_PUT: "bulk_put",
    Capability.CONTAINERS: "containers",
    Capability.QUARANTINE: "quarantine",
    Capability.SWEEP: "sweep",
}


class ServicesConformance:
    """Optional services: bulk put, containers, quarantine, sweep, retention."""

    @pytest.mark.parametrize("capability", METHODS)
    def test_a_service_is_declared_if_and_only_if_it_is_there(
        self, harness: Harness, capability: Capability
    ) -> None:
        with harness.connect() as connection:
            there = hasattr(connection, METHODS[capability])
            assert there == (capability in connection.capabilities)

    def test_a_driver_prepares_offers_if_and_only_if_it_says_so(self, harness: Harness) -> None:
        driver = harness.driver

        assert hasattr(driver, "prepare") == (Capability.PREPARE in driver.capabilities)

    def test_a_new_place_is_an_offer_once_it_was_prepared_and_never_before(
        self, harness: Harness
    ) -> None:
        place = harness.new_place()
        if place is None:
            pytest.skip("this driver's offers need no preparation")
        driver = cast(SupportsPrepare, harness.driver)

        with pytest.raises(OfferUnavailableError):
            harness.driver.connect(place)
        assert not harness.driver.is_available(place)
        assert driver.prepare(place).made
        assert not driver.prepare(place).made

        assert harness.driver.is_available(place)
        with harness.driver.connect(place) as connection, pytest.raises(ObjectNotFoundError):
            connection.get(GetRequest(ref=named("nothing")))

    def test_a_bulk_put_answers_for_each_in_order(self, harness: Harness) -> None:
        needs(harness, Capability.BULK_PUT)
        wrong = PutRequest(
            ref=named("wrong"),
            content=BytesContent(b"other byte"),
            size=10,
            expected=DigestAlgorithm.SHA512.of(b"some bytes"),
        )
        with harness.connect() as connection:
            connection.put(deposit("taken", b"before"))
            connection.put(deposit("same"))
            puts = [deposit("n1"), deposit("taken"), wrong, deposit("same"), deposit("n2", b"")]
            outcomes = bulk(connection).bulk_put(BulkPutRequest(puts=puts))

        kinds = [one.already_there if isinstance(one, PutResult) else type(one) for one in outcomes]
        assert kinds == [False, ObjectConflictError, DigestMismatchError, True, False]
        held = ["n1", "taken", "wrong", "same", "n2"]
        assert [harness.bytes_at_rest(named(name)) for name in held] == [
            b"some bytes",
            b"before",
            None,
            b"some bytes",
            b"",
        ]

    def test_a_bulk_put_of_many_stores_them_all(self, harness: Harness) -> None:
        needs(harness, Capability.BULK_PUT)
        puts = [deposit(f"n{number:04}", b"%d" % number) for number in range(600)]

        with harness.connect() as connection:
            outcomes = bulk(connection).bulk_put(BulkPutRequest(puts=puts))
            request = ListRequest(tenant=TENANT, container=CONTAINER)
            listed = [entry.identifier for entry in connection.list(request)]

        assert all(isinstance(outcome, PutResult) for outcome in outcomes)
        assert listed == [put.ref.identifier for put in puts]
        assert harness.bytes_at_rest(named("n0599")) == b"599"

    def test_a_bulk_put_of_nothing_is_nothing(self, harness: Harness) -> None:
        needs(harness, Capability.BULK_PUT)

        with harness.connect() as connection:
            assert list(bulk(connection).bulk_put(BulkPutRequest(puts=[]))) == []

    def test_containers_are_named_once_in_order(self, harness: Harness) -> None:
        needs(harness, Capability.CONTAINERS)
        places = [(10, "object"), (2, "report"), (2, "object"), (2, "object.x"), (2, "Report")]

        with harness.connect() as connection:
            for tenant, container in places:
                for name in ("a", "b"):
                    connection.put(deposit(named(name, container=container, tenant=tenant)))
            found = list(cast(SupportsContainers, connection).containers(ContainersRequest()))

        assert found == [
            ContainerEntry(tenant=tenant, container=container)
            for tenant, container in sorted(places)
        ]

    def test_what_is_set_aside_is_absent_and_its_bytes_are_kept(self, harness: Harness) -> None:
        needs(harness, Capability.QUARANTINE)

        with harness.connect() as connection:
            connection.put(deposit("bad"))
            result = aside(connection, named("bad"))
            with pytest.raises(ObjectNotFoundError):
                connection.get(GetRequest(ref=named("bad")))
            assert list(connection.list(ListRequest(tenant=TENANT, container=CONTAINER))) == []
            # A good copy can now take the place.
            assert not connection.put(deposit("bad")).already_there
            # The same object may go bad again, and nothing set aside is overwritten.
            assert aside(connection, named("bad")).place != result.place

        assert result.size == 10
        assert result.place

    def test_setting_aside_what_is_not_there_is_refused(self, harness: Harness) -> None:
        needs(harness, Capability.QUARANTINE)

        with harness.connect() as connection, pytest.raises(ObjectNotFoundError):
            aside(connection, named("nothing"))

    def test_a_sweep_touches_no_object_and_a_second_finds_nothing(self, harness: Harness) -> None:
        needs(harness, Capability.SWEEP)

        with harness.connect() as connection:
            connection.put(deposit("it"))
            cast(SupportsSweep, connection).sweep(SweepRequest(older_than=0))
            again = cast(SupportsSweep, connection).sweep(SweepRequest(older_than=0))

        assert again.removed == 0
        assert harness.bytes_at_rest(named("it")) == b"some bytes"

    def test_a_retained_object_cannot_be_deleted_before_its_date(self, harness: Harness) -> None:
        needs(harness, Capability.RETENTION)
        request = PutRequest(
            ref=named("kept"),
            content=BytesContent(b"kept"),
            size=4,
            retain_until=datetime.now(UTC) + timedelta(days=1),
        )

        with harness.connect() as connection:
            connection.put(request)
            with pytest.raises(RetainedError):
                connection.delete(DeleteRequest(ref=named("kept")))
            assert connection.stat(StatRequest(ref=named("kept"))).size == 4

    def test_a_retention_that_is_over_forbids_nothing(self, harness: Harness) -> None:
        needs(harness, Capability.RETENTION)
        request = PutRequest(
            ref=named("free"),
            content=BytesContent(b"free"),
            size=4,
            retain_until=datetime.now(UTC) - timedelta(days=1),
        )

        with harness.connect() as connection:
            connection.put(request)
            assert connection.delete(DeleteRequest(ref=named("free"))).existed


def bulk(connection: Connection) -> SupportsBulkPut:
    return cast(SupportsBulkPut, connection)


def aside(connection: Connection, ref: ObjectRef) -> QuarantineResult:
    request = QuarantineRequest(ref=ref, reason="object-corrupt")
    return cast(SupportsQuarantine, connection).quarantine(request)
