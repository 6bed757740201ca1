"""What goes wrong between the driver and Azurite, at each step; and what only a server shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from coffre.contract import (
    AccessRequest,
    AccessState,
    AccessStatusRequest,
    Capability,
    Connection,
    DeleteRequest,
    ForbiddenError,
    GetRequest,
    NotReadyError,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
    PutRequest,
    QuarantineRequest,
    StatRequest,
    SweepRequest,
    UnsupportedOperationError,
)
from coffre.drivers.azure import AzureDriver, sweeping
from coffre.drivers.azure.connection import AzureConnection
from coffre.streams import BytesContent
from tests.servers.azure_harness import MEBIBYTE, AzureHarness
from tests.servers.faulty import Answer, Damage, Fault, FaultyProxy

REF = ObjectRef(tenant=0, container="object", identifier="it")
SMALL, LARGE = b"charter", bytes(range(256)) * (3 * MEBIBYTE // 256)
NOISE = {"noise": Random(3).randbytes(7500).hex()}


@pytest.fixture
def harness() -> AzureHarness:
    return AzureHarness(AzureDriver())


@pytest.fixture
def proxy(harness: AzureHarness) -> Iterator[FaultyProxy]:
    with FaultyProxy(*harness.address()) as proxy:
        yield proxy


@pytest.fixture
def connection(harness: AzureHarness, proxy: FaultyProxy) -> Iterator[AzureConnection]:
    """A session by way of the proxy."""
    with AzureConnection(harness.through(proxy.host, proxy.port)) as connection:
        yield connection


def put(connection: Connection, data: bytes, **more: object) -> object:
    request = PutRequest(ref=REF, content=BytesContent(data), size=len(data), **more)  # type: ignore[arg-type]
    return connection.put(request)


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["in-one-request", "in-blocks"])
def test_a_publication_whose_answer_is_lost_was_done_and_is_found_to_be(
    connection: AzureConnection, proxy: FaultyProxy, data: bytes
) -> None:
    path = "it$" if data is SMALL else "comp=blocklist"
    proxy.script(Fault(method="PUT", path=path, lose_answer=True))
    with pytest.raises(OfferUnavailableError) as caught:
        put(connection, data)

    assert caught.value.effect_unknown
    told = connection.stat(StatRequest(ref=REF))
    assert told.recorded is not None
    assert told.recorded_size == told.size == len(data)
    again = connection.put(PutRequest(ref=REF, content=BytesContent(data), size=len(data)))
    assert again.already_there


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("lost", ["question", "answer"])
def test_a_block_that_is_lost_leaves_nothing_and_no_doubt(
    connection: AzureConnection, proxy: FaultyProxy, number: int, lost: str
) -> None:
    how = {"lose_answer": True} if lost == "answer" else {"refuse": True}
    proxy.script(Fault(method="PUT", path="comp=block&", skip=number, **how))  # type: ignore[arg-type]
    with pytest.raises(OfferUnavailableError) as caught:
        put(connection, LARGE)

    assert not caught.value.effect_unknown
    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=REF))
    swept = connection.sweep(SweepRequest(older_than=0))
    assert swept.removed == 0
    assert swept.kept == (0 if (number, lost) == (0, "question") else 1)
    put(connection, LARGE)
    assert connection.sweep(SweepRequest(older_than=0)).kept == 0


@pytest.mark.parametrize("path", ["it$", "comp=block&", "comp=blocklist"])
def test_a_bit_that_flips_on_its_way_is_refused_by_the_service(
    connection: AzureConnection, proxy: FaultyProxy, path: str
) -> None:
    proxy.script(Fault(method="PUT", path=path, upload=Damage(flip_at=5)))
    with pytest.raises(OfferError) as caught:
        put(connection, SMALL if path == "it$" else LARGE)

    assert not getattr(caught.value, "effect_unknown", False)
    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=REF))


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_is_busy_says_for_how_long(
    connection: AzureConnection, proxy: FaultyProxy, status: int
) -> None:
    proxy.script(Fault(method="PUT", answer=Answer(status=status, headers={"Retry-After": "9"})))
    with pytest.raises(OfferUnavailableError) as caught:
        put(connection, SMALL)

    assert caught.value.retry_after == 9.0
    assert not caught.value.effect_unknown


@pytest.mark.parametrize(
    ("status", "kind"), [(301, OfferUnavailableError), (404, OfferUnavailableError)]
)
def test_what_something_on_the_way_says_is_nothing_about_the_object(
    connection: AzureConnection, proxy: FaultyProxy, status: int, kind: type[OfferError]
) -> None:
    put(connection, SMALL)
    proxy.script(Fault(answer=Answer(status=status), times=None))
    for asked in (
        lambda: connection.stat(StatRequest(ref=REF)),
        lambda: connection.get(GetRequest(ref=REF)),
        lambda: connection.delete(DeleteRequest(ref=REF)),
    ):
        with pytest.raises(kind):
            asked()


def test_an_object_that_is_cut_on_its_way_is_never_taken_for_a_shorter_one(
    connection: AzureConnection, proxy: FaultyProxy
) -> None:
    put(connection, LARGE)
    proxy.script(Fault(method="GET", download=Damage(cut_after=2 * MEBIBYTE, gently=True)))
    with connection.get(GetRequest(ref=REF)) as got, pytest.raises(OfferUnavailableError):
        got.stream.read()


def test_a_wrong_key_is_refused_and_not_shown(harness: AzureHarness) -> None:
    parameters = harness.refused_user()
    with pytest.raises(ForbiddenError) as caught:
        AzureConnection(parameters)
    assert "403" in str(caught.value)
    assert "Signature" not in str(caught.value)


def test_a_container_that_goes_away_is_not_an_empty_offer(
    harness: AzureHarness, connection: AzureConnection
) -> None:
    put(connection, SMALL)
    harness.client.ask("DELETE", f"/{harness.container}?restype=container")
    everything: list[Callable[[], object]] = [
        lambda: connection.stat(StatRequest(ref=REF)),
        lambda: connection.delete(DeleteRequest(ref=REF)),
        lambda: put(connection, SMALL),
        lambda: put(connection, LARGE),
    ]
    for asked in everything:
        with pytest.raises(OfferUnavailableError, match="container"):
            asked()


def test_immutability_is_refused_where_the_service_has_none(
    connection: AzureConnection,
) -> None:
    assert Capability.RETENTION not in connection.capabilities
    with pytest.raises(UnsupportedOperationError):
        put(connection, SMALL, retain_until=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=REF))


def test_an_object_of_the_archive_tier_is_asked_for_and_read(harness: AzureHarness) -> None:
    parameters = harness.of(harness.driver, harness.container, tier="archive")
    with AzureConnection(parameters) as connection:
        put(connection, LARGE)
        assert connection.stat(StatRequest(ref=REF)).ready is False
        with pytest.raises(NotReadyError):
            connection.get(GetRequest(ref=REF))
        with pytest.raises(ObjectConflictError):
            put(connection, SMALL)
        # The emulator brings it back at once.
        ticket = connection.request_access(AccessRequest(refs=[REF]))
        (status,) = connection.access_status(AccessStatusRequest(tickets=[ticket]))
        assert status.state is AccessState.READY
        with connection.get(GetRequest(ref=REF)) as got:
            assert got.stream.read() == LARGE


def test_long_metadata_that_nobody_names_are_swept_once_they_are_old(
    harness: AzureHarness,
    connection: AzureConnection,
    proxy: FaultyProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = ObjectRef(tenant=0, container="object", identifier="other")
    connection.put(PutRequest(ref=other, content=BytesContent(SMALL), size=7, metadata=NOISE))
    proxy.script(Fault(method="PUT", path="object/it$", skip=1, refuse=True))
    put(connection, SMALL)
    proxy.script(Fault(method="PUT", path="/0/object/it$", refuse=True))
    with pytest.raises(OfferUnavailableError):
        put(connection, SMALL, replace=True, metadata=NOISE)

    young = connection.sweep(SweepRequest(older_than=0))
    assert (young.removed, young.kept) == (0, 1)
    monkeypatch.setattr(sweeping, "YOUNGEST", -5.0)
    old = connection.sweep(SweepRequest(older_than=0))
    assert (old.removed, old.kept) == (1, 0)
    assert old.freed > 7500
    assert connection.sweep(SweepRequest(older_than=0)).removed == 0
    assert dict(connection.stat(StatRequest(ref=other)).metadata) == NOISE


def test_a_quarantine_that_is_interrupted_loses_nothing(
    connection: AzureConnection, proxy: FaultyProxy
) -> None:
    put(connection, LARGE)
    proxy.script(Fault(method="DELETE", refuse=True))
    with pytest.raises(OfferUnavailableError):
        connection.quarantine(QuarantineRequest(ref=REF, reason="a bad bit: 100 % wrong"))

    with connection.get(GetRequest(ref=REF)) as got:
        assert got.stream.read() == LARGE
    assert connection.quarantine(QuarantineRequest(ref=REF, reason="again")).size == len(LARGE)
