"""A stream gives exactly the bytes asked for, whatever becomes of the object meanwhile."""

from __future__ import annotations

import pytest

from coffre.contract import GetRequest, ObjectCorruptError, OfferUnavailableError
from coffre.drivers.sftp import packets
from coffre.drivers.sftp.connection import SftpConnection
from coffre.drivers.sftp.packets import NUMBER, text
from coffre.drivers.sftp.reading import AHEAD, ObjectStream
from coffre.tree import place_of
from tests.conformance.deposits import deposit, named
from tests.unit.drivers.sftp.server import Server
from tests.unit.drivers.sftp.test_exchange import remote_on

DATA = bytes(range(256)) * 4 * 4096
STEP = 32 * 1024


def data(number: int, content: bytes) -> bytes:
    return bytes([packets.DATA]) + NUMBER.pack(number) + text(content)


def test_an_object_that_turns_out_shorter_is_read_to_its_end_and_no_further() -> None:
    first, rest = DATA[:STEP], DATA[STEP : STEP + 100]
    remote, _ = remote_on(data(1, first), data(2, DATA[STEP : 2 * STEP]), data(3, rest))
    stream = ObjectStream(remote, b"h", 0, named("it"))

    stream.expect(2 * STEP)
    stream.limit(STEP + 100)

    assert stream.read() == first + rest


def test_an_object_that_turns_out_longer_is_read_whole() -> None:
    remote, _ = remote_on(data(1, b"abc"), data(2, b"def"))
    stream = ObjectStream(remote, b"h", 0, named("it"))

    stream.expect(3)
    stream.limit(6)

    assert stream.read() == b"abcdef"


def test_an_object_that_is_cut_under_its_reader_is_corrupt(
    server: Server, connection: SftpConnection
) -> None:
    assert len(DATA) > AHEAD
    connection.put(deposit("it", DATA))
    path = server.root / "offer" / place_of(named("it")).path

    with connection.get(GetRequest(ref=named("it"))) as opened:
        with path.open("r+b") as file:
            file.truncate(len(DATA) - 1000)
        with pytest.raises(ObjectCorruptError, match="ends 1000 bytes before its size"):
            opened.stream.read()


def test_a_stream_that_was_closed_gives_nothing(connection: SftpConnection) -> None:
    connection.put(deposit("it", DATA))
    opened = connection.get(GetRequest(ref=named("it")))
    opened.stream.close()

    with pytest.raises(OfferUnavailableError):
        opened.stream.read()


def test_streams_and_operations_share_a_session(connection: SftpConnection) -> None:
    connection.put(deposit("it", DATA))
    connection.put(deposit("other", DATA[::-1]))

    with (
        connection.get(GetRequest(ref=named("it"))) as one,
        connection.get(GetRequest(ref=named("other"))) as two,
    ):
        pieces: list[list[bytes]] = [[], []]
        while piece := one.stream.read(100_000):
            pieces[0].append(piece)
            pieces[1].append(two.stream.read(70_000))
            connection.put(deposit(f"n{len(pieces[0])}", piece))
        pieces[1].append(two.stream.read())

    assert b"".join(pieces[0]) == DATA
    assert b"".join(pieces[1]) == DATA[::-1]
