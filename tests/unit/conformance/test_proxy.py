"""The relay passes everything on, until it is told to do otherwise, once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from coffre.conformance.proxy import Kind, Proxy, Way

DATA = bytes(range(256)) * 1024


class Echo:
    """A service that sends back what it gets."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(sock,), daemon=True).start()

    def _echo(self, sock: socket.socket) -> None:
        with sock:
            try:
                while data := sock.recv(65536):
                    sock.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    echo = Echo()
    with Proxy("127.0.0.1", echo.port) as proxy:
        yield proxy
    echo.close()


def through(proxy: Proxy) -> socket.socket:
    return socket.create_connection((proxy.host, proxy.port), timeout=10)


def exchange(sock: socket.socket, data: bytes = DATA) -> bytes:
    """Send it all from another thread, and read what comes back until it is all, or over."""
    threading.Thread(target=send, args=(sock, data), daemon=True).start()
    found = b""
    while len(found) < len(data) and (piece := sock.recv(65536)):
        found += piece
    return found


def send(sock: socket.socket, data: bytes) -> None:
    try:
        sock.sendall(data)
    except OSError:
        return


def test_it_passes_everything_on(proxy: Proxy) -> None:
    with through(proxy) as one, through(proxy) as other:
        assert exchange(one) == DATA
        assert exchange(other, b"short") == b"short"
        assert exchange(one, b"and more") == b"and more"


def test_the_end_of_one_direction_is_passed_on(proxy: Proxy) -> None:
    with through(proxy) as sock:
        sock.sendall(b"last words")
        sock.shutdown(socket.SHUT_WR)
        found = b"".join(iter(lambda: sock.recv(100), b""))

    assert found == b"last words"


@pytest.mark.parametrize("way", list(Way))
def test_a_cut_lets_so_many_bytes_pass_and_no_more(proxy: Proxy, way: Way) -> None:
    fault = proxy.arm(Kind.CUT, way, after=100_000)

    with through(proxy) as sock:
        found = exchange(sock)

    assert fault.fired
    assert DATA.startswith(found)
    assert len(found) <= 100_000
    if way is Way.BACK:
        assert len(found) == 100_000


def test_a_reset_is_an_error_and_not_an_end(proxy: Proxy) -> None:
    proxy.arm(Kind.RESET, Way.BACK)

    with through(proxy) as sock:
        sock.sendall(b"asked")  # here, and not by another thread, which might be told instead
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_a_stall_is_neither(proxy: Proxy) -> None:
    proxy.arm(Kind.STALL, Way.BACK, after=10)

    with through(proxy) as sock:
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            exchange(sock)


def test_a_spoilt_byte_is_the_only_thing_that_changes(proxy: Proxy) -> None:
    proxy.arm(Kind.SPOIL, Way.OUT, after=70_000)

    with through(proxy) as sock:
        found = exchange(sock)

    different = [at for at, (a, b) in enumerate(zip(found, DATA, strict=True)) if a != b]
    assert different == [70_000]


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.CUT, Kind.SPOIL])
def test_a_fault_happens_once(proxy: Proxy, kind: Kind) -> None:
    fault = proxy.arm(kind, Way.BACK)
    with through(proxy) as sock, suppress(ConnectionResetError):
        exchange(sock)
    assert fault.fired

    with through(proxy) as sock:
        assert exchange(sock) == DATA


def test_nobody_listens_once_it_is_closed(proxy: Proxy) -> None:
    with through(proxy) as sock:
        proxy.close()
        with pytest.raises(ConnectionError):
            through(proxy)
        with suppress(ConnectionResetError):
            assert sock.recv(1) == b""


def test_a_service_that_is_not_there_resets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with (
        Proxy("127.0.0.1", port) as proxy,
        pytest.raises(ConnectionResetError),
        through(proxy) as sock,
    ):
        sock.recv(1)
