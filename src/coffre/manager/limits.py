"""How many threads and connections offers may take: settings, with units, defaults and reasons."""

from __future__ import annotations

from dataclasses import dataclass, field

from coffre.contract import InvalidRequestError
from coffre.pool import PoolSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLimit:
    """Threads that may be at work at once. Durations are seconds."""

    threads: int
    """Most threads inside; the others wait, first come, first served."""
    threads_timeout: float = 30.0
    """Patience of one that waits, as for a connection."""
    threads_waiting: int = 1000
    """Most that may wait; one more is refused at once: a queue without end hides an outage."""

    def __post_init__(self) -> None:
        """Refuse a limit that nothing could pass.

        Raises:
            InvalidRequestError: no thread at all, or a negative number.
        """
        if self.threads < 1 or self.threads_timeout < 0 or self.threads_waiting < 0:
            raise InvalidRequestError("a limit of threads lets at least one in")


OFFER_THREADS = ThreadLimit(threads=16)
"""Of each offer. More than the 10 connections of a pool, so that one that comes back finds who
waits for it; a quarter of the global limit, so that an offer that hangs leaves room for others."""
GLOBAL_THREADS = ThreadLimit(threads=64)
"""Of all offers together: four that are used to the full. Work on storage waits for input and
output, so it is not tied to the number of processors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverSettings:
    """What the offers of one driver share."""

    max_total: int | None = None
    """Most connections of all its offers together; no bound when ``None``."""
    limit: ThreadLimit | None = None
    """Threads that may use the driver; no limit of its own when ``None``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLimits:
    """What one offer may take."""

    pool: PoolSettings = field(default_factory=PoolSettings)
    """Its connections. Offers of one driver with the same parameters share a pool: the settings
    of the first that is opened are used."""
    limit: ThreadLimit = OFFER_THREADS
    """Its threads."""
