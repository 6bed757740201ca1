"""Pools of connections and limits of threads, as drivers that wrap drivers.

``LimitedDriver(PooledDriver(driver, max_size=8), max_concurrent=16)`` is a driver like the one
inside it. Both can be used on any driver, without anything else of coffre.

A piece of work that holds several connections at once (a fan-out to several offers, a copy from
one to another) takes them with :func:`reserve`, and starts its threads in a copy of the context.
"""

from coffre.pool.async_limiter import AsyncLimiter
from coffre.pool.asyncio_face import AsyncConnectionPool
from coffre.pool.base import SharedTotal
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
from coffre.pool.lease import Lease
from coffre.pool.limited import LimitedConnection, LimitedDriver
from coffre.pool.limiter import ThreadLimiter
from coffre.pool.limits import Admission, LimiterSnapshot, Rank
from coffre.pool.party import in_lane, together
from coffre.pool.reservation import Reservation, reserve
from coffre.pool.settings import DEFAULT, Lane, PoolSettings, Timeout
from coffre.pool.threads import ConnectionPool

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
