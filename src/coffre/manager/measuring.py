"""Measuring an offer with more and more connections, to know how many are worth having.

Objects of one size are put and read for a while with 1, 2, 4 ... connections and as many threads,
past the limits of the configuration, in a container of their own. What was written, and nothing
else, is deleted after each step, whatever happens in between.
"""

from __future__ import annotations

import math
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    CoffreError,
    DeleteRequest,
    Driver,
    GetRequest,
    InvalidRequestError,
    ObjectRef,
    PutRequest,
)
from coffre.offer import NO_RETRY, Offer
from coffre.pool import PooledDriver, PoolSettings
from coffre.streams import BytesContent, chunks_of

CONTAINER = "coffre-bench"
"""Where objects are put for measuring. The container stays, empty, where an offer keeps those."""
MOST_OBJECTS = 2000
MOST_BYTES = 256 * 1024 * 1024
"""Of one step: a fast offer is not filled for the sake of a longer measurement."""
NEARLY = 0.95
"""Share of the best rate that is as good as the best: less is noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What an offer did with so many connections. Rates are a second, durations seconds."""

    connections: int
    puts: int
    """Objects that were put."""
    put_rate: float
    put_median: float
    put_p99: float
    gets: int
    get_rate: float
    get_median: float
    get_p99: float
    failures: int
    """Operations that failed; they are in no rate."""
    left: int = 0
    """Objects that could not be deleted."""
    reason: str = ""
    """What the first failure said."""

    def to_json(self) -> dict[str, object]:
        """For ``--json``."""
        return asdict(self)


def steps(up_to: int) -> list[int]:
    """Numbers of connections to try: doubled each time, and the last one.

    Raises:
        InvalidRequestError: none at all.
    """
    if up_to < 1:
        raise InvalidRequestError("measuring needs at least one connection")
    return sorted({2**power for power in range(up_to.bit_length())} | {up_to})


def measure(
    offer: Offer,
    *,
    up_to: int,
    seconds: float,
    size: int,
    tenant: int = 0,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Measured]:
    """Measure an offer, step by step; each step has cleaned up when it is told.

    Args:
        offer: which one; its own pool and limits are passed by.
        up_to: most connections.
        seconds: of one step: half of it puts, half reads.
        size: of an object, in bytes.
        tenant: whose container is used.
        clock: measures.

    Raises:
        InvalidRequestError: nothing to measure: no connection, no time, or a negative size.
        CoffreError: the offer cannot be reached at all.
    """
    if seconds <= 0 or size < 0:
        raise InvalidRequestError("measuring needs some time, and a size that is not negative")
    numbers = steps(up_to)
    token = secrets.token_hex(4)
    for connections in numbers:
        with PooledDriver(_innermost(offer.driver), PoolSettings(max_size=connections)) as pooled:
            pooled.pool(offer.parameters).warm(connections)  # opening is not what is measured
            probe = Offer(offer.id, pooled, offer.parameters, retry=NO_RETRY)
            yield _Step(probe, connections, f"{token}-{connections}", size, tenant, clock).run(
                seconds / 2
            )


def recommended(measured: Sequence[Measured]) -> int | None:
    """The fewest connections that are nearly as fast as the most, ``None`` when nothing worked.

    Fast is the geometric mean of both rates, so that a gain in one is not a loss in the other.
    """
    rates = {one.connections: math.sqrt(one.put_rate * one.get_rate) for one in measured}
    best = max(rates.values(), default=0.0)
    good = [connections for connections, rate in rates.items() if rate >= NEARLY * best > 0]
    return min(good, default=None)


class _Step:
    """One number of connections."""

    def __init__(
        self, offer: Offer, connections: int, token: str, size: int, tenant: int, clock: Clock
    ) -> None:
        self._offer = offer
        self._connections = connections
        self._token = token
        self._tenant = tenant
        self._clock = clock
        self._content = BytesContent(os.urandom(size))
        self._most = max(1, min(MOST_OBJECTS, MOST_BYTES // max(size, 1)))
        self._lock = threading.Lock()  # guards the three below
        self._begun = 0
        self._failures = 0
        self._reason = ""
        self._written: list[ObjectRef] = []

    def run(self, seconds: float) -> Measured:
        left = 0
        try:
            puts = self._timed(seconds, self._put)
            gets = self._timed(seconds, self._get) if puts.durations else _Timed([], 0.0)
        finally:
            left = self._clean()
        return Measured(
            connections=self._connections,
            puts=len(puts.durations),
            put_rate=puts.rate,
            put_median=puts.quantile(0.5),
            put_p99=puts.quantile(0.99),
            gets=len(gets.durations),
            get_rate=gets.rate,
            get_median=gets.quantile(0.5),
            get_p99=gets.quantile(0.99),
            failures=self._failures,
            left=left,
            reason=self._reason,
        )

    def _timed(self, seconds: float, operation: Callable[[int], bool]) -> _Timed:
        """Do it in as many threads as there are connections, until the time is over."""
        now = self._clock.monotonic
        began = now()
        self._begun = 0

        def work(_: int) -> list[float]:
            durations = []
            while (number := self._next()) is not None and now() - began < seconds:
                start = now()
                if operation(number):
                    durations.append(now() - start)
            return durations

        with ThreadPoolExecutor(self._connections, thread_name_prefix="coffre-bench") as threads:
            found = [one for each in threads.map(work, range(self._connections)) for one in each]
        return _Timed(found, now() - began)

    def _next(self) -> int | None:
        with self._lock:
            self._begun += 1
            return self._begun if self._begun <= self._most else None

    def _put(self, number: int) -> bool:
        ref = ObjectRef(
            tenant=self._tenant, container=CONTAINER, identifier=f"{self._token}-{number}"
        )
        request = PutRequest(ref=ref, content=self._content, size=self._content.size)
        with self._lock:
            self._written.append(ref)  # first: one whose answer is lost has to be deleted, too
        return self._tried(lambda: self._offer.put(request))

    def _get(self, number: int) -> bool:
        request = GetRequest(ref=self._written[number % len(self._written)])

        def read() -> None:
            with self._offer.get(request, size=self._content.size) as found:
                for _ in chunks_of(found.stream):
                    pass

        return self._tried(read)

    def _tried(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except CoffreError as error:
            with self._lock:
                self._failures += 1
                self._reason = self._reason or str(error)
            return False
        return True

    def _clean(self) -> int:
        """Delete what was written; how many could not be."""

        def delete(ref: ObjectRef) -> bool:
            return self._tried(lambda: self._offer.delete(DeleteRequest(ref=ref)))

        with ThreadPoolExecutor(self._connections) as threads:
            return sum(not gone for gone in threads.map(delete, self._written))


@dataclass(frozen=True, slots=True)
class _Timed:
    """Durations of the operations that went well, and of all of it."""

    durations: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.durations) / self.seconds if self.seconds > 0 else 0.0

    def quantile(self, share: float) -> float:
        ordered = sorted(self.durations)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def _innermost(driver: Driver) -> Driver:
    """The driver that speaks to the service, without what is around it."""
    inside = vars(driver).get("inside")
    return _innermost(inside) if isinstance(inside, Driver) else driver
