"""Small services on real sockets, that do what they are told: the good, the cut and the garbled."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: "e"\r\n\r\nok'


class Caller:
    """One accepted connection, as a step sees it."""

    def __init__(self, service: Service, connection: socket.socket) -> None:
        self.service = service
        self.socket = connection
        self._buffer = b""

    def head(self) -> bytes:
        """The next request's head, noted by the service; raises at the end of the connection."""
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        self.service.heads.append(head)
        return head

    def body(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._receive()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        self.service.bodies.append(body)
        return body

    def request(self) -> bytes:
        """Head and body, by its announced length."""
        head = self.head()
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                self.body(int(line.split(b":")[1]))
        return head

    def _receive(self) -> None:
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError
        self._buffer += data

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reset(self) -> None:
        """Close with a reset rather than an end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


Behaviour = Callable[[Caller], None]


@dataclass
class Service:
    """What a service heard."""

    port: int
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[bytes]:
        return [head.split(b"\r\n")[0].rsplit(b" ", 1)[0] for head in self.heads]


def answering(*answers: bytes) -> Behaviour:
    """Read a request and give an answer, for each of these; then close."""

    def behave(caller: Caller) -> None:
        for answer in answers:
            caller.request()
            caller.say(answer)

    return behave


def for_ever(answer: bytes) -> Behaviour:
    def behave(caller: Caller) -> None:
        while True:
            caller.request()
            caller.say(answer)

    return behave


@contextmanager
def service(
    *behaviours: Behaviour,
    family: int = socket.AF_INET,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Service]:
    """Serve: the first connection behaves as the first says, and so on; the last repeats."""
    listener = socket.create_server(
        ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family
    )
    made = Service(listener.getsockname()[1])
    open_sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket, behave: Behaviour) -> None:
        with connection, suppress(OSError):
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
                open_sockets.append(connection)
            with connection:
                behave(Caller(made, connection))
        made.ended.release()

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            behave = behaviours[min(made.connections, len(behaviours) - 1)]
            made.connections += 1
            open_sockets.append(connection)
            threads.append(threading.Thread(target=serve, args=(connection, behave)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield made
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for connection in open_sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
