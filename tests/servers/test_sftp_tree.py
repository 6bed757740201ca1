"""One tree, two drivers: a disk that is filled over SFTP is read on the spot, and the reverse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from coffre.contract import (
    BulkPutRequest,
    Connection,
    ConnectionParameters,
    Driver,
    GetRequest,
    ListRequest,
    ObjectConflictError,
    ObjectRef,
    PutRequest,
    PutResult,
    QuarantineRequest,
    StatRequest,
)
from coffre.drivers.sftp import SftpDriver
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.servers.sftp_harness import PLAIN_SERVER, SERVER, SftpHarness, offer_on

SIZES = [0, 1, 16 * 1024, 300_000, 3 * 1024 * 1024 + 7]


@pytest.fixture(params=[SERVER, PLAIN_SERVER])
def offer(request: pytest.FixtureRequest) -> Iterator[SftpHarness]:
    yield from offer_on(SftpDriver(), request.param)


def local(offer: SftpHarness, records: str = "auto") -> ConnectionParameters:
    driver = installed("filesystem")
    return ConnectionParameters.checked(
        driver.parameters, url=offer.root.as_uri(), values={"records": records}
    )


def ref_of(number: int) -> ObjectRef:
    return ObjectRef(tenant=number % 2, container="object", identifier=f"object-{number}")


def fill(connection: Connection) -> Mapping[ObjectRef, PutResult]:
    return {ref_of(number): put(connection, number) for number in range(len(SIZES))}


def put(connection: Connection, number: int, data: bytes | None = None) -> PutResult:
    data = bytes([number]) * SIZES[number] if data is None else data
    return connection.put(
        PutRequest(
            ref=ref_of(number),
            content=BytesContent(data),
            size=len(data),
            metadata={"name": f"Réglement {number}.pdf"},
        )
    )


def check(connection: Connection, held: Mapping[ObjectRef, PutResult], *, recorded: bool) -> None:
    """Every object is there, with its bytes, and its record where that can be seen."""
    for ref, result in held.items():
        told = connection.stat(StatRequest(ref=ref))
        with connection.get(GetRequest(ref=ref)) as opened:
            data = opened.stream.read()
            assert result.digest.algorithm.of(data) == result.digest
            assert opened.recorded == (result.digest if recorded else None)
        assert (told.size, told.recorded) == (result.size, result.digest if recorded else None)
        name = f"Réglement {ref.identifier.removeprefix('object-')}.pdf"
        assert dict(told.metadata) == ({"name": name} if recorded else {})
    for tenant in (0, 1):
        with connection.list(ListRequest(tenant=tenant, container="object")) as listing:
            found = [(entry.identifier, entry.size) for entry in listing]
        assert found == [(ref.identifier, held[ref].size) for ref in held if ref.tenant == tenant]


def test_what_is_stored_over_sftp_is_read_by_the_filesystem_driver(offer: SftpHarness) -> None:
    with SftpDriver().connect(offer.parameters) as connection:
        held = fill(connection)

    with installed("filesystem").connect(local(offer)) as there:
        check(there, held, recorded=True)
        assert put(there, 2).already_there, "the same bytes"
        with pytest.raises(ObjectConflictError):
            put(there, 2, b"other bytes")


def test_what_the_filesystem_driver_stores_is_read_over_sftp(offer: SftpHarness) -> None:
    with installed("filesystem").connect(local(offer, "sidecar")) as there:
        held = fill(there)

    with SftpDriver().connect(offer.parameters) as connection:
        check(connection, held, recorded=True)
        assert put(connection, 2).already_there, "the same bytes"
        with pytest.raises(ObjectConflictError):
            put(connection, 2, b"other bytes")


def test_a_record_that_is_an_attribute_is_not_seen_and_its_object_is(offer: SftpHarness) -> None:
    with installed("filesystem").connect(local(offer)) as there:
        held = fill(there)

    with SftpDriver().connect(offer.parameters) as connection:
        check(connection, held, recorded=False)
        assert put(connection, 3).already_there
        told = connection.stat(StatRequest(ref=ref_of(3)))
    assert told.recorded == held[ref_of(3)].digest, "putting it again gives it a record"


def test_many_puts_are_as_good_as_each_alone(offer: SftpHarness) -> None:
    puts = [
        PutRequest(ref=ref_of(number), content=BytesContent(bytes(number)), size=number)
        for number in range(100)
    ]
    with SftpDriver().connect(offer.parameters) as connection:
        outcomes = connection.bulk_put(BulkPutRequest(puts=puts))
        assert all(isinstance(one, PutResult) for one in outcomes)

    with installed("filesystem").connect(local(offer)) as there:
        for request in puts:
            told = there.stat(StatRequest(ref=request.ref))
            assert told.recorded is not None
            assert told.size == request.size


@pytest.mark.parametrize("first", ["sftp", "filesystem"])
def test_what_one_sets_aside_is_gone_for_the_other(offer: SftpHarness, first: str) -> None:
    drivers: dict[str, tuple[Driver, ConnectionParameters]] = {
        "sftp": (SftpDriver(), offer.parameters),
        "filesystem": (installed("filesystem"), local(offer, "sidecar")),
    }
    driver, parameters = drivers.pop(first)
    ((other, others),) = drivers.values()
    with driver.connect(parameters) as one, other.connect(others) as two:
        put(one, 1)
        put(two, 3)
        for connection, number in ((two, 1), (one, 3)):
            place = connection.quarantine(  # type: ignore[attr-defined]
                QuarantineRequest(ref=ref_of(number), reason="found bad")
            ).place
            assert offer.bytes_set_aside(place) == bytes([number]) * SIZES[number]
        for connection in (one, two):
            with connection.list(ListRequest(tenant=1, container="object")) as listing:
                assert list(listing) == []


def test_an_offer_made_by_one_is_an_offer_for_the_other(offer: SftpHarness) -> None:
    place = offer.root.with_name(f"{offer.root.name}-second")
    parameters = ConnectionParameters.checked(
        installed("filesystem").parameters, url=place.as_uri(), values={}
    )
    installed("filesystem").prepare(parameters)  # type: ignore[attr-defined]

    assert not SftpDriver().prepare(offer.server.parameters(place)).made
    with SftpDriver().connect(offer.server.parameters(place)) as connection:
        put(connection, 1)
