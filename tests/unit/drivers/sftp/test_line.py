"""Below paramiko: bytes of one thread for another, and a socket that waits for nobody for ever."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from coffre.contract import SYSTEM_CLOCK
from coffre.drivers.sftp.inbox import Inbox
from coffre.drivers.sftp.wire import Wire


def test_a_reader_is_woken_once_there_is_enough() -> None:
    inbox = Inbox()
    inbox.expect(5)
    taken: list[bytes] = []
    reader = threading.Thread(target=lambda: taken.append(inbox.read(1, 10)))
    reader.start()

    for piece in (b"ab", b"cd", b"ef"):
        inbox.feed(piece)
    reader.join(10)

    assert taken == [b"abcdef"]
    assert not inbox.read_ready()


def test_a_reader_of_what_will_not_come_is_given_what_came() -> None:
    inbox = Inbox()
    inbox.expect(5)
    inbox.feed(b"ab")
    inbox.close()

    assert inbox.read(9) == b"ab"
    assert inbox.read(9) == b""


def test_silence_is_given_up_and_what_came_is_kept() -> None:
    inbox = Inbox()
    inbox.expect(5)
    inbox.feed(b"ab")

    with pytest.raises(TimeoutError):
        inbox.read(9, 0.01)

    assert inbox.empty() == b"ab"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with client, server:
        yield client, server


Ends = tuple[socket.socket, socket.socket]


def test_bytes_are_given_by_the_number_asked_for(ends: Ends) -> None:
    wire = Wire(ends[0], 5)
    ends[1].sendall(b"abcdef")
    ends[1].shutdown(socket.SHUT_WR)

    assert [wire.recv(4), wire.recv(4), wire.recv(4)] == [b"abcd", b"ef", b""]


def test_no_small_packet_waits_for_another(ends: Ends) -> None:
    Wire(ends[0], 5)

    assert ends[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_server_that_takes_nothing_is_given_up(ends: Ends) -> None:
    wire = Wire(ends[0], 0.1)

    with pytest.raises(ConnectionAbortedError, match="silent"):
        send_for_ever(wire)

    assert wire.given_up


def send_for_ever(wire: Wire) -> None:
    while True:
        wire.send(bytes(1 << 20))


def test_a_session_that_is_not_open_in_time_is_given_up(ends: Ends) -> None:
    wire = Wire(ends[0], 5)
    wire.deadline = SYSTEM_CLOCK.monotonic() - 1

    with pytest.raises(ConnectionAbortedError, match="silent"):
        wire.recv(1)


def test_another_process_sends_nothing_and_ends_nothing(ends: Ends) -> None:
    wire = Wire(ends[0], 5)
    child = os.fork()
    if child == 0:
        try:
            wire.send(b"of the child")
        except ConnectionAbortedError:
            wire.close()
            os._exit(7)
        os._exit(1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 7
    wire.send(b"of the parent")
    assert ends[1].recv(100) == b"of the parent"


def test_closing_wakes_who_reads(ends: Ends) -> None:
    wire = Wire(ends[0], 5)

    def read() -> None:
        with suppress(OSError):
            wire.recv(1)

    reader = threading.Thread(target=read)
    reader.start()

    wire.close()
    reader.join(5)

    assert not reader.is_alive()
