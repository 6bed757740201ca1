"""Settings of a pool, each with its unit, its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Literal

from coffre.contract import InvalidRequestError


class Lane(IntEnum):
    """How urgent a caller is. Inside a lane the order is first come, first served."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


class Waiting(Enum):
    """A timeout that was not given, as opposed to ``None``, which means: for ever."""

    DEFAULT = "default"


DEFAULT = Waiting.DEFAULT

Timeout = float | None | Waiting
"""Seconds; 0 tries, ``None`` waits for ever, ``DEFAULT`` is the pool's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """How a pool behaves. Durations are seconds on a clock that never jumps."""

    max_size: int = 10
    """Most connections, being opened, idle, lent and being closed together; 0 lends nothing.
    10 is what HikariCP, asyncpg and botocore chose: enough to hide latency, little to a server."""
    min_idle: int = 0
    """Idle connections kept ready by the housekeeper. 0: no thread unless somebody asks."""
    max_opening: int = 2
    """Connections being opened at once. 2 as in MongoDB's CMAP specification (maxConnecting):
    an empty pool under load must not storm a server that has just come back."""
    timeout: float | None = 30.0
    """Patience of a caller for a connection, opening and probing included; ``None``: for ever.
    30 as in HikariCP, psycopg_pool and SQLAlchemy."""
    open_timeout: float = 10.0
    """What an opening, or a closing, should take at most. Twice that, and another has its place:
    a driver that hangs in ``connect`` must not keep the pool (HikariCP#2186, #2197)."""
    max_waiting: int | None = None
    """Most callers that may wait; one more is refused at once. ``None``: no bound, since the
    number of threads has one already. 100 is recommended for services."""
    shed_hopeless: bool = False
    """Refuse at once who, at the present pace, would not be served before their own deadline."""
    max_lifetime: float = 1800.0
    """Age at which a connection is replaced. Drawn once, when it is opened, between 75 % and
    100 % of this, or all would expire together (HikariCP#2203; pgx#1437). Half an hour as in
    HikariCP. Never applied to a connection that is lent."""
    idle_timeout: float = 300.0
    """Idleness after which a connection is closed: below the 350 seconds after which common
    address translators forget a flow (urllib3#3184)."""
    look_after: float = 1.0
    """Idleness after which ``is_healthy()`` is asked, which costs no round trip: HTTP servers
    drop idle connections after 5 to 75 seconds."""
    probe_after: float = 30.0
    """Idleness after which ``probe()`` makes a round trip before the connection is lent."""
    probe_timeout: float = 5.0
    """Seconds given to a probe."""
    keepalive: float | None = None
    """Idleness after which the housekeeper probes a connection; ``None``: it does not."""
    reuse: Literal["lifo", "fifo"] = "lifo"
    """Which idle connection is lent: the one used last, so that the others can expire, or the
    one used first, which spreads load over replicas (golang/go#68539) and costs a lock."""
    leak_after: float = 600.0
    """A connection lent and unused for so long is reported as a leak, once."""
    nested: Literal["warn", "raise", "allow"] = "warn"
    """What to do when a thread that has to wait holds a connection of the same pool already."""
    failure_budget: int = 5
    """Failed openings in a row that open the breaker: an archive must not hammer a tape library."""
    first_backoff: float = 0.1
    """Longest pause after the first failed opening; doubled by each further one."""
    longest_backoff: float = 10.0
    """No pause between openings is longer than this, while the breaker is closed."""
    first_rest: float = 5.0
    """How long an open breaker leaves the service alone, the first time; then doubled."""
    longest_rest: float = 60.0
    """Most that an open breaker waits before one caller may try."""
    close_timeout: float = 30.0
    """Patience of ``close`` for connections that are still lent."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            InvalidRequestError: a negative number, or an opening bound below 1.
        """
        numbers = [value for value in map(self._number, self.__slots__) if value is not None]
        if min(numbers) < 0:
            raise InvalidRequestError("the sizes and durations of a pool cannot be negative")
        if self.max_opening < 1 or self.failure_budget < 1:
            raise InvalidRequestError("max_opening and failure_budget are at least 1")

    def _number(self, name: str) -> float | None:
        value: object = getattr(self, name)
        return value if isinstance(value, int | float) else None
