"""A small web server that keeps what it is sent, for proxies to stand before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REFUSED = "/refused"
"""Where a body is refused before it was read."""


class Origin(ThreadingHTTPServer):
    """The bodies of every ``PUT``, in order; a ``GET`` gives the last one of its path."""

    daemon_threads = False  # whoever ends it knows that all its connections have ended

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.puts: list[tuple[str, bytes]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection broke: that is what these tests are about."""

    def body_of(self, path: str) -> bytes:
        return next(body for name, body in reversed(self.puts) if name == path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Origin

    def do_PUT(self) -> None:
        if self.path == REFUSED:
            self.close_connection = True
            return self._answer(403, b"not here")
        chunked = "Transfer-Encoding" in self.headers
        body = self._chunks() if chunked else self.rfile.read(int(self.headers["Content-Length"]))
        if not chunked and len(body) < int(self.headers["Content-Length"]):
            self.close_connection = True  # cut on its way: it is not kept
            return
        self.server.puts.append((self.path, body))
        self._answer(201, b"kept")

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_GET(self) -> None:
        self._answer(200, self.server.body_of(self.path))

    def do_HEAD(self) -> None:
        self._answer(200, b"never sent", silent=True)

    def _answer(self, status: int, body: bytes, *, silent: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not silent:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def running_origin() -> Iterator[Origin]:
    with Origin() as origin:
        thread = threading.Thread(target=origin.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield origin
        finally:
            origin.shutdown()
            thread.join()
