"""Connections that answer at once, and pools of ours on top of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from coffre.contract import Connection
from coffre.pool import ConnectionPool, PoolSettings

SIZE = 8
"""Connections in the pools that are compared."""


class FakeConnection:
    """As much of a connection as a pool asks for."""

    __slots__ = ()

    def close(self) -> None:
        """Nothing is open."""


def opened() -> Connection:
    """Open one, at once."""
    return cast(Connection, FakeConnection())


def slowly(seconds: float) -> Callable[[], Connection]:
    """Opens one, after a while."""

    def open_() -> Connection:
        time.sleep(seconds)
        return opened()

    return open_


def warm_pool(size: int = SIZE, settings: PoolSettings | None = None) -> ConnectionPool:
    """A pool of ours, full of idle connections."""
    pool = ConnectionPool(opened, settings or PoolSettings(max_size=size))
    pool.warm(size)
    return pool
