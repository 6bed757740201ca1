"""Forks under load, in a process of its own: ``python -m benchmarks.forking COUNT``.

Connections are socket pairs, whose other end stays with the parent: it sees every byte that a
child would send on what it inherited. A child leases a connection of its own, and ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import cast

from coffre.contract import Connection
from coffre.pool import ConnectionPool, PoolSettings

LOAD = 4
"""Threads that lease all the time."""
HELD = 0.0003
"""Seconds for which each does; spinning instead would only keep the interpreter from forking."""
PATIENCE = 10
"""Seconds after which a child counts as hung."""


class SocketConnection:
    """One end of a socket pair; says goodbye when it is closed, and not when abandoned."""

    def __init__(self, ends: list[socket.socket]) -> None:
        self._socket, other = socket.socketpair()
        ends.append(other)

    def speak(self) -> None:
        """Send a byte."""
        self._socket.send(b"+")

    def close(self) -> None:
        """Polite."""
        self._socket.send(b"-")
        self._socket.close()

    def abandon(self) -> None:
        """Without a word."""
        self._socket.close()


def fork_under_load(count: int) -> dict[str, int]:
    """Fork so often; how many children failed, and how many bytes they sent on our connections."""
    ends: list[socket.socket] = []
    pool = ConnectionPool(
        lambda: cast(Connection, SocketConnection(ends)), PoolSettings(max_size=2)
    )
    pool.warm(2)
    stop = threading.Event()
    failed: list[BaseException] = []
    people = [
        threading.Thread(target=_lease, args=(pool, stop.is_set, failed)) for _ in range(LOAD)
    ]
    for person in people:
        person.start()
    inherited = list(ends)
    hung = sum(_one(pool) for _ in range(count))
    stop.set()
    for person in people:
        person.join(PATIENCE)
    sent = _bytes_of(inherited)
    alive = sum(person.is_alive() for person in people)
    return {"hung": hung, "bytes": sent, "parent": len(failed) + alive}


def _lease(pool: ConnectionPool, stopped: Callable[[], bool], failed: list[BaseException]) -> None:
    try:
        while not stopped():
            with pool.lease(timeout=PATIENCE):
                time.sleep(HELD)
    except BaseException as error:
        failed.append(error)
        raise


def _one(pool: ConnectionPool) -> bool:
    """Whether a child fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forks among threads: that is it
        child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        status = 1
        try:
            with pool.lease(timeout=PATIENCE / 2) as connection:
                cast(SocketConnection, connection).speak()
            gc.collect()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] != 0


def _bytes_of(ends: list[socket.socket]) -> int:
    sent = 0
    for end in ends:
        end.setblocking(False)
        try:
            sent += len(end.recv(1 << 16))
        except BlockingIOError:
            continue
    return sent


if __name__ == "__main__":
    print(json.dumps(fork_under_load(int(sys.argv[1]))))
