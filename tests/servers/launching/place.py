"""What a server is given to live in: a directory, ports, and a way to wait until it answers."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers.launching.processes import NotStartedError, Processes
from tests.servers.launching.tools import Tools

HOST = "127.0.0.1"
"""Where every server listens, and nowhere else."""
PORTS = range(20_000, 32_000)
"""Ports that are given: below those that systems take for outgoing connections."""

_given: set[int] = set()
_giving = threading.Lock()


class Place:
    """Everything of one running server: its directory, its processes, the programs it needs."""

    def __init__(self, directory: Path, tools: Tools) -> None:
        """Make the directory; users such as ``www-data`` can go through it."""
        self.directory = directory
        self.tools = tools
        self.data = directory / "data"
        self.data.mkdir(parents=True)
        directory.chmod(0o755)
        self.processes = Processes(directory / "log")

    def write(self, name: str, text: str) -> Path:
        """Write a file of the server's own."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def wait_for(self, what: str, answers: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait until the server answers.

        Raises:
            NotStartedError: one of its processes ended, or the time is over.
        """
        end = time.monotonic() + seconds
        while not answers():
            self.processes.check()
            if time.monotonic() > end:
                raise NotStartedError(f"no answer from {what} in {seconds:.0f} s")
            time.sleep(0.1)

    def wait_for_port(self, port: int, *, seconds: float = 30) -> None:
        """Wait until something listens on a port."""
        self.wait_for(f"{HOST}:{port}", lambda: listens(port), seconds=seconds)

    def wait_for_page(self, url: str, *, seconds: float = 60) -> None:
        """Wait until a web server answers anything but a failure of its own."""
        self.wait_for(url, lambda: 0 < ask(url) < 500, seconds=seconds)


def free_port() -> int:
    """A port on which nobody listens, and that is given once."""
    with _giving:
        while True:
            port = random.choice(PORTS)
            if port not in _given and _is_free(port):
                _given.add(port)
                return port


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        # As servers do: what a closed connection has left behind is in nobody's way.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def ask(url: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> int:
    """Status of the answer to one request; 0 when there is none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=30)
    target = f"{parts.path or '/'}?{parts.query}".rstrip("?")
    try:
        connection.request(method, target, headers=dict(headers or {}))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
