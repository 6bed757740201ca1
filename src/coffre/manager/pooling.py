"""Pooling: every offer gets a limit of threads around a pool of connections.

One :class:`~coffre.pool.PooledDriver` for each driver, one pool in it for each set of frozen
parameters, one limit for each offer, each driver and all together.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coffre.contract import SYSTEM_CLOCK, Clock, ConnectionParameters, Driver, OfferError
from coffre.manager.limits import GLOBAL_THREADS, DriverSettings, OfferLimits, ThreadLimit
from coffre.pool import (
    ConnectionPool,
    LimitedDriver,
    LimiterSnapshot,
    Listener,
    PooledDriver,
    Rank,
    ThreadLimiter,
)

logger = logging.getLogger("coffre.manager")

NO_DRIVERS: Mapping[str, DriverSettings] = {}
_PLAIN = DriverSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """An offer's driver with its limit and its pool."""

    driver: LimitedDriver
    pool: ConnectionPool
    limiter: ThreadLimiter
    release: Callable[[], None]
    """The offer is closed: its pool is drained, unless another offer shares it."""


class Pooling:
    """Puts limits and pools around drivers. Safe between threads."""

    def __init__(
        self,
        drivers: Mapping[str, DriverSettings] = NO_DRIVERS,
        limit: ThreadLimit = GLOBAL_THREADS,
        *,
        listener: Listener | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Nothing is opened.

        Args:
            drivers: what the offers of one driver share, by its name.
            limit: threads of all offers together.
            listener: told of what happens in every pool.
            clock: only its monotonic time is used.
        """
        self._settings = drivers
        self._listener = listener
        self._clock = clock
        self._lock = threading.Lock()  # guards the three below
        self._pooled: dict[str, PooledDriver] = {}
        self._limiters: dict[str, ThreadLimiter] = {}
        self._users: Counter[tuple[str, ConnectionParameters]] = Counter()
        self._limiter = self._limit(limit, "all offers", Rank.GLOBAL)

    def fit(
        self,
        offer: str,
        driver: tuple[str, Driver],
        parameters: ConnectionParameters,
        limits: OfferLimits,
    ) -> Fitted:
        """Put the limits and the pool of an offer around its driver.

        Args:
            offer: its id.
            driver: as the manager knows it, by name.
            parameters: what its connections are opened with.
            limits: what it may take.
        """
        name, inside = driver
        with self._lock:
            pooled = self._of(name, inside)
            pool = pooled.open_pool(parameters, limits.pool)
            self._users[name, parameters] += 1
            shared = [self._limiter]
            if name in self._limiters:
                shared.append(self._limiters[name])
        if pool.settings != limits.pool:
            logger.warning(
                "offer %r shares a pool, whose settings are those of the offer opened first", offer
            )
        limiter = self._limit(limits.limit, f"offer {offer}", Rank.OFFER)
        return Fitted(
            driver=LimitedDriver(pooled, limiters=[limiter, *shared]),
            pool=pool,
            limiter=limiter,
            release=_once(lambda: self._release(name, parameters, pool)),
        )

    def _of(self, name: str, driver: Driver) -> PooledDriver:
        found = self._pooled.get(name)
        if found is not None:
            return found
        settings = self._settings.get(name, _PLAIN)
        found = self._pooled[name] = PooledDriver(
            driver, max_total=settings.max_total, listener=self._listener, clock=self._clock
        )
        if settings.limit is not None:
            self._limiters[name] = self._limit(settings.limit, f"driver {name}", Rank.DRIVER)
        return found

    def _limit(self, limit: ThreadLimit, name: str, rank: Rank) -> ThreadLimiter:
        return ThreadLimiter(
            limit.threads,
            name=name,
            rank=rank,
            timeout=limit.threads_timeout,
            max_waiting=limit.threads_waiting,
            clock=self._clock,
        )

    def _release(self, driver: str, parameters: ConnectionParameters, pool: ConnectionPool) -> None:
        with self._lock:
            self._users[driver, parameters] -= 1
            used = self._users[driver, parameters] > 0
        if not used:
            pool.refuse_all()  # what is still lent is closed as it comes back

    def limits(self) -> list[LimiterSnapshot]:
        """The limits that offers share, at this moment: the global one first."""
        with self._lock:
            limiters = [self._limiter, *self._limiters.values()]
        return [limiter.statistics() for limiter in limiters]

    def close(self) -> None:
        """Close every pool; connections that are still lent are named in the log, and left."""
        with self._lock:
            pooled, self._pooled = self._pooled, {}
            self._limiters.clear()
            self._users.clear()
        for driver in pooled.values():
            try:
                driver.close(timeout=0)
            except OfferError as error:
                logger.warning("%s", error)


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """The call, which does nothing from the second time on."""
    left = [call]

    def once() -> None:
        try:
            todo = left.pop()
        except IndexError:
            return
        todo()

    return once
