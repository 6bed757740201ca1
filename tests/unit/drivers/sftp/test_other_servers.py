"""Servers that are not OpenSSH: what is claimed of them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.contract import (
    Capability,
    CapacityRequest,
    CapacityResult,
    GetRequest,
    ListRequest,
    ObjectConflictError,
    ObjectNotFoundError,
    OfferUnavailableError,
    PutRequest,
    QuarantineRequest,
    StatRequest,
    UnsupportedOperationError,
)
from coffre.drivers.sftp.connection import SftpConnection
from coffre.streams import BytesContent
from coffre.tree import MARKER, PARTS
from tests.conformance.deposits import deposit, named
from tests.unit.drivers.sftp.server import Server

DATA = bytes(range(256)) * 2000


def test_what_needs_an_extension_is_not_declared(connection: SftpConnection) -> None:
    missing = {Capability.CREATE_ONLY, Capability.REPLACE}

    assert not connection.capabilities & missing
    assert Capability.METADATA in connection.capabilities


def test_an_object_is_stored_and_read_and_not_said_to_be_durable(
    connection: SftpConnection,
) -> None:
    result = connection.put(deposit("it", DATA))

    assert not result.durable
    with connection.get(GetRequest(ref=named("it"))) as opened:
        assert opened.stream.read() == DATA
        assert opened.recorded == result.digest


def test_reads_that_give_less_than_was_asked_for_are_asked_again(
    server: Server, connection: SftpConnection
) -> None:
    connection.put(deposit("it", DATA))
    server.longest_read = 1000

    with connection.get(GetRequest(ref=named("it"), offset=10)) as opened:
        assert opened.stream.read() == DATA[10:]


@pytest.mark.parametrize("others", [b"others", DATA[::-1]], ids=["shorter", "as-long"])
def test_other_bytes_are_refused_by_a_rename_that_does_not_overwrite(
    connection: SftpConnection, others: bytes
) -> None:
    connection.put(deposit("it", DATA))

    with pytest.raises(ObjectConflictError):
        connection.put(deposit("it", others))

    assert connection.put(deposit("it", DATA)).already_there
    with connection.list(ListRequest(tenant=0, container="object")) as listing:
        assert [entry.size for entry in listing] == [len(DATA)]


def test_nothing_is_stored_where_a_rename_overwrites(
    server: Server, connection: SftpConnection
) -> None:
    server.overwrites = True

    with pytest.raises(UnsupportedOperationError, match="a rename replaces what is there"):
        connection.put(deposit("it", DATA))

    assert list((server.root / "offer" / PARTS).iterdir()) == []
    assert not (server.root / "offer" / "0").exists()


def test_a_replacement_is_refused_before_the_content_is_opened(
    connection: SftpConnection,
) -> None:
    request = PutRequest(ref=named("it"), content=BytesContent(DATA), size=len(DATA), replace=True)

    with pytest.raises(UnsupportedOperationError, match="replace"):
        connection.put(request)


def test_room_that_cannot_be_asked_for_is_unknown(connection: SftpConnection) -> None:
    assert connection.capacity(CapacityRequest()) == CapacityResult()


def test_bad_bytes_are_set_aside(server: Server, connection: SftpConnection) -> None:
    connection.put(deposit("it", DATA))

    place = connection.quarantine(QuarantineRequest(ref=named("it"), reason="bad")).place

    aside = server.root / place.lstrip("/")
    assert aside.read_bytes() == DATA
    assert {one.name for one in aside.parent.iterdir()} == {"it", "+reason.json", "+record.json"}
    assert connection.put(deposit("it", b"others")).size == 6


def test_a_record_that_is_damaged_leaves_the_object_readable(
    server: Server, connection: SftpConnection
) -> None:
    connection.put(deposit("it", DATA))
    (record,) = (server.root / "offer" / ".coffre" / "records").rglob("it")
    record.write_bytes(b"{")

    told = connection.stat(StatRequest(ref=named("it")))

    assert (told.size, told.recorded) == (len(DATA), None)
    assert told.stored_at is not None


def test_a_record_of_another_object_is_nobodys(server: Server, connection: SftpConnection) -> None:
    connection.put(deposit("it", DATA))
    connection.put(deposit("other", DATA))
    records = server.root / "offer" / ".coffre" / "records"
    ((record,), (other,)) = (list(records.rglob(name)) for name in ("it", "other"))
    other.write_bytes(record.read_bytes())

    assert connection.stat(StatRequest(ref=named("other"))).recorded is None
    assert connection.stat(StatRequest(ref=named("it"))).recorded is not None


def test_an_object_that_is_deleted_as_it_appears_leaves_no_record(
    server: Server, connection: SftpConnection
) -> None:
    server.after_rename = lambda new: new.unlink() if new.parts[-3] == "object" else None

    assert connection.put(deposit("it", DATA)).size == len(DATA)

    server.after_rename = lambda new: None
    assert not list((server.root / "offer" / ".coffre" / "records").rglob("it"))
    with pytest.raises(ObjectNotFoundError):
        connection.stat(StatRequest(ref=named("it")))


@pytest.mark.parametrize("name", ["it", "held"])
def test_nothing_is_absent_from_an_offer_that_is_another_by_now(
    server: Server, connection: SftpConnection, name: str
) -> None:
    connection.put(deposit("held", DATA))
    marker = server.root / "offer" / MARKER
    marker.write_bytes(marker.read_bytes() + b" ")

    if name == "held":
        assert connection.stat(StatRequest(ref=named(name))).size == len(DATA)
        return
    with pytest.raises(OfferUnavailableError, match="another offer"):
        connection.stat(StatRequest(ref=named(name)))


def test_nothing_is_absent_from_an_offer_that_has_lost_its_marker(
    server: Server, connection: SftpConnection
) -> None:
    (server.root / "offer" / MARKER).unlink()

    with pytest.raises(OfferUnavailableError, match="has lost its marker"):
        connection.stat(StatRequest(ref=named("it")))
    with pytest.raises(OfferUnavailableError, match="has lost its marker"):
        connection.put(deposit("it", DATA))


def test_the_marker_is_that_of_every_offer_of_files(
    server: Server, connection: SftpConnection
) -> None:
    assert b'"layout": 1' in (server.root / "offer" / MARKER).read_bytes()
    assert isinstance(Path(server.root / "offer" / "README-coffre.txt").read_text(), str)
