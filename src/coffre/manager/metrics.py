"""Metrics of pools and limits for Prometheus, as the extra ``coffre[prometheus]`` brings it.

``prometheus_client`` is imported when a collector is made, never before::

    from prometheus_client import REGISTRY
    REGISTRY.register(PoolCollector(manager))

Nothing is counted twice: every scrape takes one snapshot. A process tells of its own pools.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from coffre.manager.errors import MetricsMissingError
from coffre.manager.snapshot import ManagerSnapshot, OfferSnapshot
from coffre.pool import WAIT_BOUNDS, LimiterSnapshot, PoolSnapshot

if TYPE_CHECKING:
    from prometheus_client import Metric

BREAKER = {"closed": 0, "half-open": 1, "open": 2}
"""States of a breaker as a number, the worst being the highest."""


class Watched(Protocol):
    """What can be looked at: a :class:`~coffre.manager.DriverManager`."""

    def snapshot(self) -> ManagerSnapshot:
        """Everything now."""
        ...


class PoolCollector:
    """A collector for any registry of ``prometheus_client``."""

    def __init__(self, manager: Watched) -> None:
        """Collect from a manager.

        Raises:
            MetricsMissingError: the library is not installed; the message says how to.
        """
        try:
            import prometheus_client.core as core
        except ImportError as error:
            raise MetricsMissingError(
                "metrics need the library prometheus-client: pip install 'coffre[prometheus]'"
            ) from error
        self._manager = manager
        self._core = core

    def describe(self) -> list[Metric]:
        """Nothing: what there is depends on the offers, and is not asked when registering."""
        return []

    def collect(self) -> Iterator[Metric]:
        """One snapshot, as metrics."""
        seen = self._manager.snapshot()
        yield from self._gauges(seen.offers)
        yield from self._counters(seen.offers)
        yield self._waits(seen.offers)
        offers = [("offer", one.offer, one.threads) for one in seen.offers]
        shared = [_scope(limit) for limit in seen.limits]
        yield from self._threads([*offers, *shared])

    # --- connections -----------------------------------------------------------------------

    def _gauges(self, offers: Iterable[OfferSnapshot]) -> Iterator[Metric]:
        connections = self._core.GaugeMetricFamily(
            "coffre_pool_connections", "Connections by state.", labels=["offer", "state"]
        )
        single = {
            "max": ("coffre_pool_connections_max", "Most connections."),
            "waiting": ("coffre_pool_waiting", "Callers that wait for a connection."),
            "oldest": ("coffre_pool_oldest_wait_seconds", "Wait of the caller waiting longest."),
            "breaker": ("coffre_pool_breaker", "0 closed, 1 half-open, 2 open."),
        }
        gauges = {
            key: self._core.GaugeMetricFamily(name, text, labels=["offer"])
            for key, (name, text) in single.items()
        }
        for one in offers:
            pool = one.pool
            for state, count in (
                ("held", pool.held),
                ("idle", pool.idle),
                ("opening", pool.opening),
                ("closing", pool.closing),
            ):
                connections.add_metric([one.offer, state], count)
            gauges["max"].add_metric([one.offer], pool.max_size)
            gauges["waiting"].add_metric([one.offer], pool.waiting)
            gauges["oldest"].add_metric([one.offer], pool.oldest_wait)
            gauges["breaker"].add_metric([one.offer], BREAKER[pool.breaker])
        yield connections
        yield from gauges.values()

    def _counters(self, offers: Iterable[OfferSnapshot]) -> Iterator[Metric]:
        single = {
            "checkouts": "Loans of connections.",
            "opened": "Connections opened.",
            "failed": "Openings that failed.",
            "timed_out": "Callers whose patience was over.",
            "leaks": "Connections that were never given back.",
            "trips": "Times that the breaker opened.",
        }
        counters = {
            name: self._core.CounterMetricFamily(f"coffre_pool_{name}", text, labels=["offer"])
            for name, text in single.items()
        }
        closed = self._core.CounterMetricFamily(
            "coffre_pool_closed", "Connections closed, by reason.", labels=["offer", "reason"]
        )
        refused = self._core.CounterMetricFamily(
            "coffre_pool_refused", "Callers refused, by error code.", labels=["offer", "code"]
        )
        for one in offers:
            for name, counter in counters.items():
                counter.add_metric([one.offer], _count(one.pool, name))
            for reason, count in one.pool.closed_by_reason.items():
                closed.add_metric([one.offer, reason], count)
            for code, count in one.pool.refused.items():
                refused.add_metric([one.offer, code], count)
        yield from (*counters.values(), closed, refused)

    def _waits(self, offers: Iterable[OfferSnapshot]) -> Metric:
        waits = self._core.HistogramMetricFamily(
            "coffre_pool_wait_seconds", "Waits for a connection, of who had to.", labels=["offer"]
        )
        bounds = [*map(str, WAIT_BOUNDS), "+Inf"]
        for one in offers:
            totals = list(accumulate(one.pool.waits))
            buckets = [*zip(bounds, map(float, totals), strict=True)]
            # The pool counts waits by bucket and keeps no sum: a wrong one would be worse.
            waits.add_metric([one.offer], buckets=buckets, sum_value=None)
        return waits

    # --- threads ---------------------------------------------------------------------------

    def _threads(self, limits: Iterable[tuple[str, str, LimiterSnapshot]]) -> Iterator[Metric]:
        labels = ["scope", "name"]
        gauges = {
            "inside": self._core.GaugeMetricFamily(
                "coffre_threads", "Threads at work.", labels=labels
            ),
            "max_concurrent": self._core.GaugeMetricFamily(
                "coffre_threads_max", "Most threads at work.", labels=labels
            ),
            "waiting": self._core.GaugeMetricFamily(
                "coffre_threads_waiting", "Threads that wait to be let in.", labels=labels
            ),
        }
        counters = {
            "timed_out": self._core.CounterMetricFamily(
                "coffre_threads_timed_out", "Threads whose patience was over.", labels=labels
            ),
            "refused": self._core.CounterMetricFamily(
                "coffre_threads_refused", "Threads refused at once.", labels=labels
            ),
        }
        for scope, name, limit in limits:
            for key, family in (gauges | counters).items():
                value: int = getattr(limit, key)
                family.add_metric([scope, name], value)
        yield from (*gauges.values(), *counters.values())


def _count(pool: PoolSnapshot, name: str) -> int:
    value: int = getattr(pool, name)
    return value


def _scope(limit: LimiterSnapshot) -> tuple[str, str, LimiterSnapshot]:
    """A shared limit, by what shares it."""
    driver = limit.name.removeprefix("driver ")
    return ("driver", driver, limit) if driver != limit.name else ("all", "all", limit)
