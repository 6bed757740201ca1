"""The wire: the TCP socket under a session, bounded in time, and of one process alone.

paramiko waits for a slow server as long as it takes, reads a packet in two calls of the system,
and writes to whatever socket it has, in a forked child too. All three are put right here, below
it, in a socket of our own.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from coffre.contract import SYSTEM_CLOCK

TICK = 0.5
"""Seconds after which a reader looks whether it should give up."""
_READ = 256 * 1024
"""Bytes read at a time."""
_AT_ONCE: int | None = getattr(socket, "TCP_QUICKACK", None)


class Wire:
    """What paramiko is given for a socket."""

    def __init__(self, sock: socket.socket, patience: float) -> None:
        """Take over a connected socket.

        Args:
            sock: closed with this one.
            patience: seconds in which at least one byte must be taken.
        """
        # Without it small requests wait for the answer to the one before: 40 ms each.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.settimeout(TICK)
        self._socket = sock
        self._patience = patience
        self._process = os.getpid()
        self._buffer = memoryview(bytearray(_READ))
        self._ahead = self._buffer[:0]
        self._closed = False
        self.deadline: float | None = None
        """When a session that is being opened is given up; ``None`` once it is open."""
        self.given_up = False
        """Whether the server took nothing for too long."""

    def recv(self, most: int) -> bytes:
        """Up to so many bytes; ``b""`` at the end.

        Raises:
            TimeoutError: none yet; paramiko asks again.
            ConnectionAbortedError: none in time.
        """
        if not self._ahead:
            self._in_time(self.deadline)
            self._acknowledge()
            self._ahead = self._buffer[: self._socket.recv_into(self._buffer)]
        taken = bytes(self._ahead[:most])
        self._ahead = self._ahead[most:]
        return taken

    def _acknowledge(self) -> None:
        """Have what comes acknowledged at once, where the system can be told so.

        sshd holds a small packet back until the one before it is acknowledged, and our kernel
        holds that back for 40 ms, hoping to send it along with something.
        """
        if _AT_ONCE is not None:
            with suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, _AT_ONCE, 1)

    def send(self, data: bytes) -> int:
        """Send some of the bytes; how many is returned.

        Raises:
            ConnectionAbortedError: none could be sent in time, or in this process.
        """
        if os.getpid() != self._process:
            # The parent goes on with this very socket: a byte of ours would end its session.
            raise ConnectionAbortedError("the session belongs to another process")
        end = SYSTEM_CLOCK.monotonic() + self._patience
        if self.deadline is not None:
            end = min(end, self.deadline)
        while True:
            try:
                return self._socket.send(data)
            except TimeoutError:
                self._in_time(end)

    def _in_time(self, deadline: float | None) -> None:
        if deadline is not None and SYSTEM_CLOCK.monotonic() > deadline:
            self.given_up = True
            # Not a TimeoutError, on which paramiko would wait on.
            raise ConnectionAbortedError("the server is silent")

    def close(self) -> None:
        """End the connection; whoever waits for bytes is told."""
        self._closed = True
        if os.getpid() == self._process:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def settimeout(self, seconds: float) -> None:
        """Ignored: paramiko would wake up ten times a second."""

    def getpeername(self) -> tuple[str, int]:
        """Where the server is."""
        host, port = self._socket.getpeername()[:2]
        return str(host), int(port)
