"""A TCP relay between a driver and its service, that resets, cuts, stalls and spoils on demand.

It passes bytes on as they come until a fault is armed. The fault waits for so many bytes of one
direction, fires once, and is over: what is opened afterwards passes unharmed.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

PIECE = 64 * 1024
"""Bytes passed on at a time."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""``SO_LINGER`` with no patience: closing sends a reset."""


class Kind(StrEnum):
    """What goes wrong."""

    RESET = "reset"
    """The connection is reset at both ends."""
    CUT = "cut"
    """The connection is closed in good order, before everything has passed."""
    STALL = "stall"
    """Nothing passes any more, and the connection stays open."""
    SPOIL = "spoil"
    """One byte is changed."""


class Way(StrEnum):
    """In which direction."""

    OUT = "out"
    """From the driver to the service."""
    BACK = "back"
    """From the service to the driver."""


@dataclass(slots=True)
class Fault:
    """One fault that is armed."""

    kind: Kind
    way: Way
    after: int
    """Bytes of that direction that still pass before it fires."""
    fired: bool = False


class Proxy:
    """A relay to one service, on a port of this machine. Use it as a context manager."""

    def __init__(self, host: str, port: int) -> None:
        """Listen; nothing is sent to the service before somebody connects.

        Args:
            host: where the service is.
            port: its port.
        """
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()[:2]
        """Where the relay listens."""
        self._lock = threading.Lock()  # guards everything below
        self._fault: Fault | None = None
        self._sockets: list[socket.socket] = []
        self._closed = False
        self._spawn(self._accept)

    def arm(self, kind: Kind, way: Way, *, after: int = 0) -> Fault:
        """Have a fault happen, once, after so many bytes from now on; 0 is before the next one."""
        fault = Fault(kind, way, after)
        with self._lock:
            self._fault = fault
        return fault

    def close(self) -> None:
        """Stop listening, and end every connection."""
        with self._lock:
            self._closed = True
            sockets, self._sockets = self._sockets, []
        for one in (self._listener, *sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _spawn(self, work: object, *args: object) -> None:
        threading.Thread(target=work, args=args, daemon=True).start()  # type: ignore[arg-type]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                service = socket.create_connection(self._target, timeout=10)
                service.settimeout(None)
            except OSError:
                reset(client)
                continue
            for one in (client, service):  # what comes in pieces goes on in pieces, at once
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._keep(client, service):
                return
            self._spawn(self._pump, client, service, Way.OUT)
            self._spawn(self._pump, service, client, Way.BACK)

    def _keep(self, *sockets: socket.socket) -> bool:
        """Remember two ends, to be ended with the relay; end them at once if it has ended."""
        with self._lock:
            if not self._closed:
                self._sockets += sockets
                return True
        for one in sockets:
            reset(one)
        return False

    def _pump(self, source: socket.socket, sink: socket.socket, way: Way) -> None:
        try:
            while data := source.recv(PIECE):
                passing, kind = self._judge(data, way)
                sink.sendall(passing)
                if kind is Kind.STALL:
                    return  # both ends stay open, and this direction is silent from now on
                if kind is not None:
                    self._end(source, sink, kind)
                    return
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(source, sink, Kind.CUT)

    def _judge(self, data: bytes, way: Way) -> tuple[bytes, Kind | None]:
        """What passes of some bytes, and what happens to the connection after it, if anything."""
        with self._lock:
            fault = self._fault
            if fault is None or fault.fired or fault.way is not way:
                return data, None
            if fault.after >= len(data):
                fault.after -= len(data)
                return data, None
            fault.fired = True
            at = fault.after
        if fault.kind is Kind.SPOIL:
            return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], None
        return data[:at], fault.kind

    def _end(self, source: socket.socket, sink: socket.socket, kind: Kind) -> None:
        for one in (source, sink):
            if kind is Kind.RESET:
                reset(one)
            else:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def __enter__(self) -> Self:
        """Use the relay; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def reset(one: socket.socket) -> None:
    """Close a connection so that the other end is told of a reset."""
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        # Without it a thread that waits in recv() keeps the descriptor, and nothing is sent.
        one.shutdown(socket.SHUT_RD)
    one.close()
