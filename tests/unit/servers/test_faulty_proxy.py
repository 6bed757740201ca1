"""What is ordered of the proxies that break things happens, and nothing else does."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.servers.faulty import (
    Answer,
    Break,
    Damage,
    Fault,
    FaultyProxy,
    FaultyRelay,
    throttled,
)
from tests.unit.servers.origin import REFUSED, Origin, running_origin

BODY = bytes(range(256)) * 1000
GONE = (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with running_origin() as origin:
        yield origin


@pytest.fixture
def proxy(origin: Origin) -> Iterator[FaultyProxy]:
    with FaultyProxy("127.0.0.1", origin.server_port) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: FaultyProxy) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=10)
    yield connection
    connection.close()


def send(
    client: http.client.HTTPConnection,
    method: str = "PUT",
    path: str = "/a",
    body: bytes | Iterator[bytes] | None = BODY,
) -> tuple[int, bytes]:
    client.request(method, path, body if method == "PUT" else None)
    answer = client.getresponse()
    return answer.status, answer.read()


def test_what_nobody_ordered_does_not_happen(
    client: http.client.HTTPConnection, proxy: FaultyProxy, origin: Origin
) -> None:
    assert send(client) == (201, b"kept")
    first = client.sock
    assert send(client, "GET") == (200, BODY)
    assert send(client, "HEAD") == (200, b"")

    assert client.sock is first, "one connection carries them all"
    assert [(one.method, one.status, one.broken) for one in proxy.passed] == [
        ("PUT", 201, None),
        ("GET", 200, None),
        ("HEAD", 200, None),
    ]
    assert [(one.uploaded, one.downloaded) for one in proxy.passed] == [
        (len(BODY), len(b"kept")),
        (0, len(BODY)),
        (0, 0),
    ]


def test_a_body_in_chunks_passes_as_it_is(
    client: http.client.HTTPConnection, proxy: FaultyProxy, origin: Origin
) -> None:
    assert send(client, body=iter([b"one", b"two"])) == (201, b"kept")

    assert origin.body_of("/a") == b"onetwo"
    assert proxy.passed[0].uploaded == len(b"onetwo"), "what frames it does not count"


def test_a_fault_is_for_the_requests_that_match_and_no_more_often_than_told(
    client: http.client.HTTPConnection, proxy: FaultyProxy
) -> None:
    proxy.script(throttled(retry_after=7, method="PUT", path=r"^/b", times=1))

    statuses = [send(client, path=path)[0] for path in ("/a", "/b", "/b")]

    assert statuses == [201, 503, 201]
    assert [one.status for one in proxy.passed] == [201, None, 201], "the server was not asked"


def test_the_first_requests_can_be_left_alone(
    client: http.client.HTTPConnection, proxy: FaultyProxy
) -> None:
    proxy.script(throttled(status=429, times=None), Fault(refuse=True))
    proxy.script(Fault(skip=1, times=2, answer=Answer(status=500)))

    assert [send(client)[0] for _ in range(4)] == [201, 500, 500, 201]


def test_retry_after_is_told(client: http.client.HTTPConnection, proxy: FaultyProxy) -> None:
    proxy.script(throttled(retry_after=7))
    client.request("PUT", "/a", BODY)

    assert client.getresponse().headers["Retry-After"] == "7"


def test_an_answer_is_made_up_after_the_server_did_it(
    client: http.client.HTTPConnection, proxy: FaultyProxy, origin: Origin
) -> None:
    lie = Answer(status=200, body=b"<Error/>")
    proxy.script(Fault(answer=lie, asked=True))

    assert send(client) == (200, b"<Error/>")
    assert origin.body_of("/a") == BODY
    assert proxy.passed[0].status == 201


def test_a_refused_connection_reaches_nobody(
    client: http.client.HTTPConnection, proxy: FaultyProxy, origin: Origin
) -> None:
    proxy.script(Fault(refuse=True))

    with pytest.raises(GONE):
        send(client)
    assert origin.puts == []


def test_an_answer_is_lost_after_the_server_did_it(
    client: http.client.HTTPConnection, proxy: FaultyProxy, origin: Origin
) -> None:
    proxy.script(Fault(lose_answer=True))

    with pytest.raises(GONE):
        send(client)
    assert origin.body_of("/a") == BODY
    assert proxy.passed[0].broken == "the answer was lost"


def test_an_upload_is_cut_at_the_byte(
    client: http.client.HTTPConnection, proxy: FaultyProxy, origin: Origin
) -> None:
    proxy.script(Fault(upload=Damage(cut_after=1000)))

    with pytest.raises(GONE):
        send(client)
    assert origin.puts == []
    assert proxy.passed[0].uploaded == 1000


def test_a_download_is_cut_at_the_byte(
    client: http.client.HTTPConnection, proxy: FaultyProxy
) -> None:
    send(client)
    proxy.script(Fault(download=Damage(cut_after=1000)))

    with pytest.raises(ConnectionResetError):
        send(client, "GET")
    assert proxy.passed[0].downloaded == 1000


def test_a_gentle_cut_looks_like_the_end(
    client: http.client.HTTPConnection, proxy: FaultyProxy
) -> None:
    send(client)
    proxy.script(Fault(download=Damage(cut_after=1000, gently=True)))

    with pytest.raises(http.client.IncompleteRead) as caught:
        send(client, "GET")
    assert caught.value.partial == BODY[:1000]


def test_a_download_stalls_at_the_byte_and_the_proxy_can_be_closed_all_the_same(
    client: http.client.HTTPConnection, proxy: FaultyProxy
) -> None:
    send(client)
    proxy.script(Fault(download=Damage(stall_after=1000)))
    client.request("GET", "/a")
    answer = client.getresponse()

    assert answer.read(1000) == BODY[:1000]
    assert client.sock is not None
    client.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        answer.read(1)
    proxy.close()
    client.sock.settimeout(5)
    assert answer.fp.closed or _is_over(client.sock)


def _is_over(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True


def test_a_stall_ends_as_a_cut(client: http.client.HTTPConnection, proxy: FaultyProxy) -> None:
    send(client)
    proxy.script(Fault(download=Damage(stall_after=1000, seconds=0.01)))

    with pytest.raises(ConnectionResetError):
        send(client, "GET")


@pytest.mark.parametrize("place", [0, 65_536, len(BODY) - 1])
def test_one_bit_of_a_body_is_changed(
    client: http.client.HTTPConnection, proxy: FaultyProxy, origin: Origin, place: int
) -> None:
    changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
    proxy.script(
        Fault(method="PUT", upload=Damage(flip_at=place)),
        Fault(method="GET", download=Damage(flip_at=place)),
    )

    send(client)
    assert origin.body_of("/a") == changed
    assert send(client, "GET") == (200, BODY), "the same bit, changed again"


def test_the_server_gets_a_request_twice(
    client: http.client.HTTPConnection, proxy: FaultyProxy, origin: Origin
) -> None:
    proxy.script(Fault(twice=True))

    assert send(client) == (201, b"kept")
    assert origin.puts == [("/a", BODY), ("/a", BODY)]


def test_a_request_waits(client: http.client.HTTPConnection, proxy: FaultyProxy) -> None:
    proxy.script(Fault(delay=0.05))
    begun = time.monotonic()

    send(client, body=b"x")

    assert time.monotonic() - begun >= 0.05


def test_bytes_pass_at_a_rate(client: http.client.HTTPConnection, proxy: FaultyProxy) -> None:
    proxy.script(Fault(upload=Damage(rate=len(BODY) * 20)))
    begun = time.monotonic()

    send(client)

    assert time.monotonic() - begun >= 0.05


def test_who_is_refused_before_the_whole_body_was_read_hears_why(
    client: http.client.HTTPConnection, proxy: FaultyProxy
) -> None:
    assert send(client, path=REFUSED, body=b"x" * 100) == (403, b"not here")


def test_a_client_that_waits_to_be_told_to_go_on_is_told(
    proxy: FaultyProxy, origin: Origin
) -> None:
    with socket.create_connection((proxy.host, proxy.port), timeout=10) as client:
        client.sendall(
            b"PUT /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b"body")
        assert client.recv(100).startswith(b"HTTP/1.1 201")
    assert origin.body_of("/a") == b"body"


def test_a_server_that_is_not_there_is_a_connection_that_breaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with FaultyProxy("127.0.0.1", port) as proxy:
        client = http.client.HTTPConnection(proxy.host, proxy.port, timeout=10)
        with pytest.raises(GONE):
            send(client)
        client.close()


@pytest.fixture
def relay() -> Iterator[FaultyRelay]:
    with (
        socket.create_server(("127.0.0.1", 0)) as echoing,
        FaultyRelay(*echoing.getsockname()) as relay,
    ):
        thread = threading.Thread(target=_echo, args=(echoing,), daemon=True)
        thread.start()
        yield relay


def _echo(listener: socket.socket) -> None:
    try:
        while True:
            connection, _ = listener.accept()
            with connection:
                while data := connection.recv(1000):
                    connection.sendall(data)
    except OSError:
        return  # the test is over


def echoed(relay: FaultyRelay, data: bytes) -> bytes:
    with socket.create_connection((relay.host, relay.port), timeout=10) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        found = b""
        while more := client.recv(1000):
            found += more
        return found


def test_a_relay_carries_what_nobody_ordered_to_break(relay: FaultyRelay) -> None:
    assert echoed(relay, BODY[:5000]) == BODY[:5000]
    (carried,) = relay.carried
    assert (carried.up, carried.down, carried.broken) == (5000, 5000, None)


def test_a_relay_refuses_one_connection_and_carries_the_next(relay: FaultyRelay) -> None:
    relay.script(Break(refuse=True))

    with pytest.raises(OSError, match=r"reset|pipe|not connected"):
        echoed(relay, b"hello")
    assert echoed(relay, b"hello") == b"hello"


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_relay_cuts_at_the_byte(relay: FaultyRelay, way: str) -> None:
    damage = Damage(cut_after=10)
    relay.script(Break(up=damage) if way == "up" else Break(down=damage))

    with pytest.raises(OSError, match=r"reset|pipe|not connected"):
        echoed(relay, b"x" * 100)
    assert getattr(relay.carried[0], way) == 10


def test_a_relay_changes_a_bit(relay: FaultyRelay) -> None:
    relay.script(Break(down=Damage(flip_at=1)))

    assert echoed(relay, b"abc") == b"acc"
