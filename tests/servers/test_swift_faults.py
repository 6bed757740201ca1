"""What Swift puts leave behind, and what they say, when something goes wrong at each step."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.forking import in_a_child
from coffre.conformance.together import together
from coffre.contract import (
    BulkDeleteRequest,
    Connection,
    ConnectionLostError,
    DeleteRequest,
    ForbiddenError,
    GetRequest,
    ObjectConflictError,
    ObjectCorruptError,
    ObjectNotFoundError,
    ObjectRef,
    OfferFullError,
    OfferTimeoutError,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    QuarantineRequest,
    Secret,
    SourceError,
    StatRequest,
    SweepRequest,
)
from coffre.drivers.swift.connection import SwiftConnection
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.servers.addresses import address, place
from tests.servers.faulty import Answer, Damage, Fault, FaultyProxy, throttled
from tests.servers.swift_harness import MIB, SwiftHarness

REF = ObjectRef(tenant=3, container="object", identifier="charter@1328.pdf")
SMALL = b"Given in the year 1328"
LARGE = some_bytes(3 * MIB + 5)
OTHER = some_bytes(3 * MIB + 5, 7)


@pytest.fixture
def offer() -> SwiftHarness:
    return SwiftHarness(
        installed("swift"), address("SWIFT"), buffer=64 * 1024, segment_size=MIB, timeout=4.0
    )


@pytest.fixture
def connection(offer: SwiftHarness) -> Iterator[SwiftConnection]:
    with SwiftConnection(offer.parameters) as connection:
        yield connection


@pytest.fixture
def proxy(offer: SwiftHarness) -> Iterator[FaultyProxy]:
    host, port = offer.address()
    with FaultyProxy(host, port) as proxy:
        yield proxy


@pytest.fixture
def shaky(offer: SwiftHarness, proxy: FaultyProxy) -> Iterator[SwiftConnection]:
    """A connection by way of a proxy that fails on order."""
    with SwiftConnection(offer.through(proxy.host, proxy.port)) as connection:
        yield connection


def deposit(data: bytes, **more: object) -> PutRequest:
    return PutRequest(ref=REF, content=BytesContent(data), size=len(data), **more)  # type: ignore[arg-type]


def read(connection: Connection) -> bytes:
    with connection.get(GetRequest(ref=REF)) as opened:
        return opened.stream.read()


# --- tokens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_a_put_goes_on_when_its_token_ends(
    offer: SwiftHarness, proxy: FaultyProxy, shaky: SwiftConnection, data: bytes, step: int
) -> None:
    refusal = Fault(path="/v1/", skip=step, answer=Answer(status=401))
    proxy.script(refusal)
    shaky.put(deposit(data))
    assert offer.bytes_at_rest(REF) == data
    if any(one.fault for one in proxy.passed):
        assert any(one.target == "/auth/v1.0" for one in proxy.passed), "no new token"


def test_a_segment_whose_bytes_were_pulled_is_not_sent_twice(
    offer: SwiftHarness, proxy: FaultyProxy, shaky: SwiftConnection
) -> None:
    proxy.script(Fault(method="PUT", path="00000001", asked=True, answer=Answer(status=401)))
    with pytest.raises(OfferUnavailableError) as caught:
        shaky.put(deposit(LARGE))
    assert caught.value.retryable
    assert not caught.value.effect_unknown
    assert offer.bytes_at_rest(REF) is None
    assert offer.segments() == []
    assert shaky.put(deposit(LARGE)).size == len(LARGE)  # with a new token


def test_a_user_of_whom_no_token_is_taken_is_refused(
    proxy: FaultyProxy, shaky: SwiftConnection
) -> None:
    proxy.script(Fault(path="/v1/", times=None, answer=Answer(status=401)))
    with pytest.raises(ForbiddenError):
        shaky.stat(StatRequest(ref=REF))
    with pytest.raises(ForbiddenError):
        shaky.get(GetRequest(ref=REF))


def test_sixteen_threads_ask_for_one_token(offer: SwiftHarness, proxy: FaultyProxy) -> None:
    parameters = offer.through(proxy.host, proxy.port)

    def connect() -> bool:
        SwiftConnection(parameters).close()
        return True

    assert together([connect] * 16) == [True] * 16
    assert sum(one.target == "/auth/v1.0" for one in proxy.passed) == 1


# --- refusals -------------------------------------------------------------------------------------


def test_a_service_that_wants_to_be_left_alone_says_for_how_long(
    proxy: FaultyProxy, shaky: SwiftConnection
) -> None:
    for status in (429, 498, 503):
        proxy.script(throttled(status=status, retry_after=17, method="PUT"))
        with pytest.raises(OfferUnavailableError) as caught:
            shaky.put(deposit(SMALL))
        assert caught.value.retry_after == 17.0
        # Of a write, 503 may mean: by too few servers. By some of them it was kept.
        assert caught.value.effect_unknown is (status == 503)


def test_a_404_that_swift_did_not_give_is_no_absence(
    proxy: FaultyProxy, shaky: SwiftConnection
) -> None:
    proxy.script(Fault(times=None, path="/v1/", answer=Answer(status=404, body=b"nothing here")))
    for ask in (
        lambda: shaky.stat(StatRequest(ref=REF)),
        lambda: shaky.get(GetRequest(ref=REF)),
        lambda: shaky.delete(DeleteRequest(ref=REF)),
        lambda: shaky.put(deposit(SMALL)),
    ):
        with pytest.raises(OfferUnavailableError):
            ask()


def test_a_redirect_is_not_followed(proxy: FaultyProxy, shaky: SwiftConnection) -> None:
    moved = Answer(status=302, headers={"Location": "http://localhost:1/elsewhere?secret"})
    proxy.script(Fault(path="/v1/", answer=moved))
    with pytest.raises(OfferUnavailableError) as caught:
        shaky.stat(StatRequest(ref=REF))
    assert "secret" not in str(caught.value)


def test_bytes_that_were_spoilt_on_their_way_are_never_an_object(
    offer: SwiftHarness, proxy: FaultyProxy, shaky: SwiftConnection
) -> None:
    for data in (SMALL, LARGE):
        proxy.script(Fault(method="PUT", path=offer.prefix, times=None, upload=Damage(flip_at=3)))
        with pytest.raises(ConnectionLostError) as caught:
            shaky.put(deposit(data))
        assert not caught.value.effect_unknown
        assert offer.bytes_at_rest(REF) is None
        assert offer.segments() == []


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_quota_that_is_used_up_is_no_room(
    offer: SwiftHarness, connection: SwiftConnection, data: bytes
) -> None:
    for name in (f"{offer.prefix}+3+object", f"{offer.prefix}+segments"):
        quota = {"X-Container-Meta-Quota-Bytes": "3"}
        assert offer.client.ask("PUT", f"/{name.replace('+', '%2B')}", b"", quota)[0] == 201
    with pytest.raises(OfferFullError):
        connection.put(deposit(data))
    assert offer.segments() == []


def test_who_may_not_write_is_told_so(offer: SwiftHarness, connection: SwiftConnection) -> None:
    connection.put(deposit(SMALL))
    told = {"X-Container-Read": "coffre:reader,.rlistings"}
    offer.client.ask("POST", f"/{offer.prefix}%2B3%2Bobject", b"", told)
    reader = offer._parameters(offer.driver, user="coffre:reader", password=Secret("testing3"))
    with SwiftConnection(reader) as looking:
        assert read(looking) == SMALL
        with pytest.raises(ForbiddenError):
            looking.delete(DeleteRequest(ref=REF))
        with pytest.raises(ForbiddenError):
            looking.put(deposit(b"other", replace=True))
    assert offer.bytes_at_rest(REF) == SMALL


# --- segments -------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, MIB + 9, 3 * MIB])
def test_a_source_that_fails_leaves_no_segment(
    offer: SwiftHarness, connection: SwiftConnection, after: int
) -> None:
    content = ScriptedContent(LARGE[:after], SourceError("on purpose"), size=len(LARGE))
    with pytest.raises(SourceError):
        connection.put(PutRequest(ref=REF, content=content, size=len(LARGE)))
    assert offer.segments() == []
    assert offer.bytes_at_rest(REF) is None


def test_a_replacement_leaves_the_old_segments_a_day_for_their_readers(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    connection.put(deposit(LARGE))
    old = set(offer.segments())
    with SwiftConnection(offer.parameters) as reader, reader.get(GetRequest(ref=REF)) as opened:
        begun = opened.stream.read(10)
        connection.put(deposit(OTHER, replace=True))
        assert begun + opened.stream.read() == LARGE
    for name in old:
        _, told, _ = offer.client.ask("HEAD", f"/{offer.prefix}%2Bsegments/{name}")
        assert 23 * 3600 < int(told["x-delete-at"]) - time.time() < 25 * 3600
    new = set(offer.segments()) - old
    for name in new:
        _, told, _ = offer.client.ask("HEAD", f"/{offer.prefix}%2Bsegments/{name}")
        assert "x-delete-at" not in told
    assert connection.sweep(SweepRequest(older_than=0)).removed == len(old)
    assert set(offer.segments()) == new
    assert read(connection) == OTHER


def test_a_small_object_in_place_of_a_large_one_frees_its_segments(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    connection.put(deposit(LARGE))
    connection.put(deposit(SMALL, replace=True))
    connection.sweep(SweepRequest(older_than=0))
    assert offer.segments() == []
    assert read(connection) == SMALL


def test_a_delete_takes_segments_and_long_records_with_it(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    long = {"title": "é" * 8000}
    for data in (SMALL, LARGE):
        connection.put(deposit(data, metadata=long))
        assert dict(connection.stat(StatRequest(ref=REF)).metadata) == long
        assert offer.segments()
        assert connection.delete(DeleteRequest(ref=REF)).existed
        assert offer.segments() == []


def test_many_are_deleted_in_one_request_with_all_that_lies_beside_them(
    offer: SwiftHarness, proxy: FaultyProxy, shaky: SwiftConnection
) -> None:
    refs = [
        ObjectRef(tenant=3, container="object", identifier=f"n@{number}") for number in range(4)
    ]
    for ref, data in zip(refs, (SMALL, LARGE, OTHER), strict=False):
        shaky.put(PutRequest(ref=ref, content=BytesContent(data), size=len(data)))
    proxy.script()
    request = BulkDeleteRequest(deletes=[DeleteRequest(ref=ref) for ref in refs])
    outcomes = shaky.bulk_delete(request)
    assert [getattr(one, "existed", one) for one in outcomes] == [True, True, True, False]
    assert [offer.bytes_at_rest(ref) for ref in refs] == [None] * 4
    assert offer.segments() == []
    assert sum(one.method == "DELETE" for one in proxy.passed) == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"Number Deleted": 1, "Number Not Found": 0, "Errors": []}', OfferUnavailableError),
        (b'{"Response Status": "502 Bad Gateway"}', OfferUnavailableError),
        (b"<html>", OfferUnavailableError),
    ],
)
def test_a_200_that_does_not_tell_of_each_deletion_leaves_doubt(
    proxy: FaultyProxy, shaky: SwiftConnection, body: bytes, kind: type[OfferUnavailableError]
) -> None:
    proxy.script(Fault(method="POST", answer=Answer(status=200, body=body)))
    refs = [REF, ObjectRef(tenant=3, container="object", identifier="other")]
    for ref in refs:
        shaky.put(PutRequest(ref=ref, content=BytesContent(SMALL), size=len(SMALL)))
    with pytest.raises(kind) as caught:
        shaky.bulk_delete(BulkDeleteRequest(deletes=[DeleteRequest(ref=ref) for ref in refs]))
    assert caught.value.effect_unknown


def test_a_deletion_that_is_refused_has_an_outcome_of_its_own(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    connection.put(deposit(SMALL))
    told = {"X-Container-Read": "coffre:reader,.rlistings"}
    offer.client.ask("POST", f"/{offer.prefix}%2B3%2Bobject", b"", told)
    reader = offer._parameters(offer.driver, user="coffre:reader", password=Secret("testing3"))
    absent = ObjectRef(tenant=3, container="object", identifier="absent")
    with SwiftConnection(reader) as looking:
        deletes = [DeleteRequest(ref=REF), DeleteRequest(ref=absent)]
        outcomes = looking.bulk_delete(BulkDeleteRequest(deletes=deletes))
    assert isinstance(outcomes[0], ForbiddenError)
    assert outcomes[0].ref == REF
    assert offer.bytes_at_rest(REF) == SMALL


def test_a_conflict_is_found_before_anything_is_sent(
    offer: SwiftHarness, proxy: FaultyProxy, shaky: SwiftConnection
) -> None:
    shaky.put(deposit(LARGE))
    proxy.script()
    with pytest.raises(ObjectConflictError):
        shaky.put(deposit(OTHER))
    assert shaky.put(deposit(LARGE)).already_there
    assert {one.method for one in proxy.passed} <= {"HEAD", "GET"}


@pytest.mark.parametrize("lost", ["refuse", "lose_answer"])
def test_a_manifest_whose_answer_is_lost_keeps_its_segments(
    offer: SwiftHarness, proxy: FaultyProxy, shaky: SwiftConnection, lost: str
) -> None:
    shaky.put(deposit(LARGE))
    shaky.delete(DeleteRequest(ref=REF))
    order = {lost: True}
    proxy.script(Fault(method="PUT", path="multipart-manifest=put", **order))  # type: ignore[arg-type]
    with pytest.raises(ConnectionLostError) as caught:
        shaky.put(deposit(LARGE))
    assert caught.value.effect_unknown
    stored = offer.bytes_at_rest(REF)
    assert stored == (LARGE if lost == "lose_answer" else None)
    swept = shaky.sweep(SweepRequest(older_than=0)).removed
    assert (swept == 0) is (stored is not None)
    assert offer.bytes_at_rest(REF) == stored
    assert bool(offer.segments()) is (stored is not None)


def test_a_manifest_is_refused_when_a_segment_has_gone(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    def take_one_away() -> None:
        first = offer.segments()[0]
        assert offer.client.ask("DELETE", f"/{offer.prefix}%2Bsegments/{first}")[0] == 204

    content = ScriptedContent(LARGE[: 2 * MIB], take_one_away, LARGE[2 * MIB :])
    with pytest.raises(OfferUnavailableError) as caught:
        connection.put(PutRequest(ref=REF, content=content, size=len(LARGE)))
    assert not caught.value.effect_unknown
    assert offer.bytes_at_rest(REF) is None
    assert offer.segments() == []


def test_a_sweep_takes_what_a_dead_writer_left_and_nothing_else(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    connection.put(deposit(OTHER))

    def die() -> None:
        content = ScriptedContent(LARGE[: 2 * MIB + 1], lambda: os._exit(9), size=len(LARGE))
        with SwiftConnection(offer.parameters) as dying:
            dying.put(PutRequest(ref=REF, content=content, size=len(LARGE), replace=True))

    held = set(offer.segments())
    assert in_a_child(die).status == 9
    left = set(offer.segments()) - held
    assert left
    young = connection.sweep(SweepRequest(older_than=3600))
    assert (young.removed, young.kept) == (0, 1)
    swept = connection.sweep(SweepRequest(older_than=0))
    assert (swept.removed, swept.freed) == (len(left), len(left) * MIB)
    assert set(offer.segments()) == held
    assert read(connection) == OTHER


def test_a_sweep_spares_the_segments_of_writers_that_cannot_be_asked(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    connection.put(deposit(LARGE))
    elsewhere = f"/{offer.prefix}%2Bsegments/3/object/another/0123456789ab-7-7-0123/00000000"
    stranger = f"/{offer.prefix}%2Bsegments/notes"
    for path in (elsewhere, stranger):
        assert offer.client.ask("PUT", path, b"bytes")[0] == 201
    assert connection.sweep(SweepRequest(older_than=0)).kept == 1
    for path in (elsewhere, stranger):
        assert offer.client.ask("HEAD", path)[0] == 200


def test_what_was_set_aside_keeps_its_segments(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    connection.put(deposit(LARGE))
    place = connection.quarantine(QuarantineRequest(ref=REF, reason="a bad digest, é")).place
    connection.put(deposit(OTHER))
    connection.delete(DeleteRequest(ref=REF))
    assert connection.sweep(SweepRequest(older_than=0)).removed == 0
    assert offer.bytes_set_aside(place) == LARGE


# --- dates of expiry ------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_an_object_that_will_expire_is_not_vouched_for_until_it_is_stored_again(
    offer: SwiftHarness, connection: SwiftConnection, data: bytes
) -> None:
    connection.put(deposit(data, metadata={"title": "charter"}))
    _, told, _ = offer.client.ask("HEAD", offer.path_of(REF))
    kept = {name: value for name, value in told.items() if name.startswith("x-object-meta-")}
    offer.client.ask("POST", offer.path_of(REF), b"", {**kept, "X-Delete-After": "3600"})
    with pytest.raises(ObjectCorruptError):
        connection.stat(StatRequest(ref=REF))
    assert read(connection) == data
    assert connection.put(deposit(data)).already_there
    assert connection.stat(StatRequest(ref=REF)).metadata == {"title": "charter"}


# --- decay ----------------------------------------------------------------------------------------


def spoil_on_disk(offer: SwiftHarness) -> None:
    """Change one byte of the only object of that size on the device."""
    root = place("SWIFT")
    files = [
        file
        for device in (root / "data", root / "srv")
        for file in device.glob("d1/objects/*/*/*/*.data")
        if file.read_bytes() == SMALL + offer.prefix.encode()
    ]
    (file,) = files
    with Path(file).open("r+b") as opened:
        opened.write(b"g")


def test_bytes_that_decayed_on_a_disk_are_set_aside_as_they_are(
    offer: SwiftHarness, connection: SwiftConnection
) -> None:
    """Swift refuses to copy them, and takes them away itself once they were read."""
    data = SMALL + offer.prefix.encode()
    connection.put(deposit(data))
    spoil_on_disk(offer)
    place = connection.quarantine(QuarantineRequest(ref=REF, reason="decayed")).place
    assert offer.bytes_set_aside(place) == b"g" + data[1:]
    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=REF))
    assert not connection.put(deposit(data)).already_there


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_large_object_that_lost_a_segment_is_damaged_and_not_absent(
    offer: SwiftHarness, connection: SwiftConnection, number: int
) -> None:
    connection.put(deposit(LARGE))
    _, _, manifest = offer.client.ask("GET", f"{offer.path_of(REF)}?multipart-manifest=get")
    gone = json.loads(manifest)[number]["name"].replace("+", "%2B")
    assert offer.client.ask("DELETE", gone)[0] == 204
    with pytest.raises(ObjectCorruptError):
        read(connection)
    with pytest.raises(ObjectConflictError):
        connection.put(deposit(LARGE))
    connection.put(deposit(LARGE, replace=True))
    assert read(connection) == LARGE


# --- at the same moment ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 2 * MIB], ids=["small", "large"])
def test_of_writers_at_the_same_moment_one_object_is_whole_and_losers_are_told(
    offer: SwiftHarness, size: int
) -> None:
    """Swift takes no lock: more than one may be told that it has won; the last one always has."""
    datas = [bytes([letter]) * size for letter in range(1, 9)]

    def write(data: bytes) -> PutResult:
        with SwiftConnection(offer.parameters) as connection:
            return connection.put(deposit(data))

    outcomes = together([lambda data=data: write(data) for data in datas])  # type: ignore[misc]
    held = offer.bytes_at_rest(REF)
    assert held in datas
    assert isinstance(outcomes[datas.index(held)], PutResult)
    assert all(isinstance(one, PutResult | ObjectConflictError) for one in outcomes), outcomes


def test_silence_in_the_middle_of_a_put_is_given_up_and_leaves_no_object(
    offer: SwiftHarness, proxy: FaultyProxy, shaky: SwiftConnection
) -> None:
    proxy.script(Fault(method="PUT", path="00000001", upload=Damage(stall_after=1000)))
    with pytest.raises(OfferTimeoutError):
        shaky.put(deposit(LARGE))
    assert offer.bytes_at_rest(REF) is None
    assert shaky.sweep(SweepRequest(older_than=0)).removed == len(offer.segments()) + 1
