"""Pools of connections and limits of threads, as drivers that wrap drivers.

``LimitedDriver(PooledDriver(driver, max_size=8), max_concurrent=16)`` is a driver like the one
inside it. Both can be used on any driver, without anything else of coffre.

A piece of work that holds several connections at once (a fan-out to several offers, a copy from
one to another) takes them with :func:`reserve`, and starts its threads in a copy of the context.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from coffre.pool.admission import Admission
from coffre.pool.driver import LentConnection, PooledDriver, WrappingDriver
from coffre.pool.errors import (
    BreakerOpenError,
    LeaseForkedError,
    LeaseReturnedError,
    LimiterBusyError,
    LimiterTimeoutError,
    NestedLeaseError,
    PoolBusyError,
    PoolClosedError,
    PoolDeadlockError,
    PoolError,
    PoolPausedError,
    PoolTimeoutError,
)
from coffre.pool.events import WAIT_BOUNDS, HeldLease, Listener, PoolEvent, PoolSnapshot
from coffre.pool.guard import SharedTotal
from coffre.pool.lease import Lease
from coffre.pool.limited import LimitedConnection, LimitedDriver
from coffre.pool.limiter import ThreadLimiter
from coffre.pool.limits import LimiterSnapshot, Rank
from coffre.pool.party import in_lane, together
from coffre.pool.reservation import Reservation, reserve
from coffre.pool.settings import DEFAULT, Lane, PoolSettings, Timeout
from coffre.pool.threads import ConnectionPool

if TYPE_CHECKING:
    from coffre.pool.async_limiter import AsyncLimiter
    from coffre.pool.asyncio_face import AsyncConnectionPool

__all__ = [
    "DEFAULT",
    "WAIT_BOUNDS",
    "Admission",
    "AsyncConnectionPool",
    "AsyncLimiter",
    "BreakerOpenError",
    "ConnectionPool",
    "HeldLease",
    "Lane",
    "Lease",
    "LeaseForkedError",
    "LeaseReturnedError",
    "LentConnection",
    "LimitedConnection",
    "LimitedDriver",
    "LimiterBusyError",
    "LimiterSnapshot",
    "LimiterTimeoutError",
    "Listener",
    "NestedLeaseError",
    "PoolBusyError",
    "PoolClosedError",
    "PoolDeadlockError",
    "PoolError",
    "PoolEvent",
    "PoolPausedError",
    "PoolSettings",
    "PoolSnapshot",
    "PoolTimeoutError",
    "PooledDriver",
    "Rank",
    "Reservation",
    "SharedTotal",
    "ThreadLimiter",
    "Timeout",
    "WrappingDriver",
    "in_lane",
    "reserve",
    "together",
]


_ASYNCIO = {"AsyncConnectionPool": "asyncio_face", "AsyncLimiter": "async_limiter"}


def __getattr__(name: str) -> object:
    """The asyncio face, loaded when it is asked for: asyncio costs more than the rest (PEP 562)."""
    if name not in _ASYNCIO:
        raise AttributeError(f"module 'coffre.pool' has no attribute {name!r}")
    return getattr(import_module(f"coffre.pool.{_ASYNCIO[name]}"), name)
