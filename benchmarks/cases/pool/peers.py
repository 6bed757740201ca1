"""Pools to be compared: ours, three others, and a bare semaphore beside a deque.

Each is of eight connections that are open and idle, waits without a bound worth mentioning, and
is used through the calls that its own documentation gives for borrowing without a block. Nothing
is switched on that costs a peer more than the default: no check and no reset in psycopg_pool, no
``pre_ping`` in SQLAlchemy's, whose ``rollback`` on return goes to a fake. urllib3's calls begin
with an underscore: they are what its own ``urlopen`` calls.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool as PsycopgPool
from sqlalchemy.pool import QueuePool
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from benchmarks.cases.pool.fakes import SIZE, FakeConnection, warm_pool
from coffre.pool import Lease

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Peer:
    """How one connection is borrowed and given back."""

    take: Callable[[], object]
    give: Callable[[object], object]


PeerMaker = Callable[[], contextlib.AbstractContextManager[Peer]]


def _given(function: object) -> Callable[[object], object]:
    """A function as a peer's ``give``, called directly: a lambda around it would cost."""
    return cast("Callable[[object], object]", function)


@contextmanager
def ours() -> Iterator[Peer]:
    """With everything on: borrower and place, expiry, generation, look, leaks, deadlocks."""
    with warm_pool() as pool:
        yield Peer(pool.lease, _given(Lease.close))


class Bare:
    """The least that bounds connections: no lease, no expiry, no order, no closing."""

    def __init__(self) -> None:
        self.free = threading.Semaphore(SIZE)
        self.idle = deque(FakeConnection() for _ in range(SIZE))

    def take(self) -> FakeConnection:
        self.free.acquire()
        return self.idle.pop()

    def give(self, connection: FakeConnection) -> None:
        self.idle.append(connection)
        self.free.release()


@contextmanager
def bare() -> Iterator[Peer]:
    """A semaphore and a deque."""
    pool = Bare()
    yield Peer(pool.take, _given(pool.give))


class FakeDatabase:
    """A connection as SQLAlchemy knows it."""

    def rollback(self) -> None:
        """Nothing was begun."""

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def sqlalchemy() -> Iterator[Peer]:
    """SQLAlchemy's pool, as its engine uses it."""
    pool = QueuePool(
        lambda: cast("DBAPIConnection", FakeDatabase()),
        pool_size=SIZE,
        max_overflow=0,
        timeout=PATIENCE,
    )
    borrowed = [pool.connect() for _ in range(SIZE)]
    for one in borrowed:
        one.close()
    yield Peer(pool.connect, _given(type(borrowed[0]).close))
    pool.dispose()


class FakePostgres:
    """A connection as psycopg_pool knows it; its documentation allows other classes."""

    def __init__(self) -> None:
        self.pgconn = SimpleNamespace(transaction_status=TransactionStatus.IDLE)
        self._pool: object = None

    @classmethod
    def connect(cls, *_: object, **__: object) -> FakePostgres:
        return cls()

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def psycopg_pool() -> Iterator[Peer]:
    """psycopg's pool, with its threads."""
    with PsycopgPool(
        connection_class=cast("type[psycopg.Connection]", FakePostgres),
        min_size=SIZE,
        max_size=SIZE,
        timeout=PATIENCE,
    ) as pool:
        pool.wait()
        yield Peer(pool.getconn, _given(pool.putconn))


class FakeHttp(HTTPConnection):
    """A connection that was opened, and that the server keeps open."""

    @property
    def is_connected(self) -> bool:
        return True


@contextmanager
def urllib3() -> Iterator[Peer]:
    """urllib3's pool for one host, with its limit on."""
    pool = HTTPConnectionPool("localhost", maxsize=SIZE, block=True, timeout=PATIENCE)
    pool.ConnectionCls = FakeHttp
    for connection in [pool._get_conn() for _ in range(SIZE)]:
        pool._put_conn(connection)
    yield Peer(pool._get_conn, _given(pool._put_conn))
    pool.close()


OURS, BARE = "coffre", "bare"
PEERS: dict[str, PeerMaker] = {
    OURS: ours,
    BARE: bare,
    "sqlalchemy": sqlalchemy,
    "psycopg": psycopg_pool,
    "urllib3": urllib3,
}
