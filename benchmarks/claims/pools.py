"""What is said of pools: the goals, each beside other pools in the same run."""

from __future__ import annotations

from benchmarks.claims.claim import Bound, Claim, Measure

_PAGE = "fairness.md"
_BARE = "a bare `Semaphore` and `deque`"
_CROWD = "128 threads, 8 connections, 1 ms of work"
_MOST, _LEAST = Bound.AT_MOST, Bound.AT_LEAST


def _claim(
    name: str, says: str, measure: Measure, bound: Bound, target: float, against: str = ""
) -> Claim:
    return Claim(f"pool-{name}", says, against, measure, bound, target, _PAGE)


POOLS = (
    # 1. Everything a pool should do, for less than the barest limit costs.
    _claim("lease", "a lease and its return, everything on", Measure.EACH, _MOST, 0.5),
    _claim("lease-with", "the same, in a `with` block", Measure.EACH, _MOST, 0.7),
    _claim("lease-bare", "a lease and its return", Measure.RATE, _LEAST, 2, _BARE),
    _claim("lease-sqlalchemy", "the same", Measure.RATE, _LEAST, 8, "SQLAlchemy's `QueuePool`"),
    _claim("lease-psycopg", "the same", Measure.RATE, _LEAST, 4, "`psycopg_pool`"),
    _claim("lease-urllib3", "the same", Measure.RATE, _LEAST, 2, "urllib3's pool"),
    # 2. Nobody starves.
    _claim("fair-starved", f"threads that got nothing: {_CROWD}", Measure.COUNT, _MOST, 0),
    _claim("fair-share", f"leases of a thread: {_CROWD}", Measure.SHARE, _MOST, 1.05),
    _claim("fair-p99", f"99th percentile of waits: {_CROWD}", Measure.TURNS, _MOST, 1.5),
    _claim("fair-longest", f"longest wait, unfinished ones too: {_CROWD}", Measure.TURNS, _MOST, 3),
    _claim("fair-rate", f"leases a second: {_CROWD}", Measure.RATE, _LEAST, 0.97, _BARE),
    _claim("fair-processor", f"a lease: {_CROWD}", Measure.PROCESSOR, _MOST, 1.15, _BARE),
    _claim("paused-share", "leases of a thread that pauses 0.1 ms", Measure.SHARE, _MOST, 1.05),
    _claim("paused-longest", "longest wait with that pause", Measure.TURNS, _MOST, 3),
    # 3. A limit of threads that costs less than a semaphore.
    _claim("limiter", "entering a limit of threads and leaving it", Measure.EACH, _MOST, 0.25),
    _claim("limiter-semaphore", "the same", Measure.RATE, _LEAST, 3.5, "`threading.Semaphore`"),
    _claim("limiter-starved", f"threads never let in: {_CROWD}", Measure.COUNT, _MOST, 0),
    # 4. Threads and tasks in one queue.
    _claim("mixed-share", "leases of 64 threads and 64 tasks", Measure.SHARE, _MOST, 1.1),
    _claim("mixed-async", "a lease and its return, one task", Measure.EACH, _MOST, 0.55),
    # 6. Deadlocks.
    _claim("deadlock", "until a knot of 32 threads is told", Measure.MILLISECONDS, _MOST, 10),
    # 7. A service that is away.
    _claim("outage-openings", "openings in a minute's outage", Measure.COUNT, _MOST, 20),
    _claim("outage-refusal", "a refusal, the breaker being open", Measure.EACH, _MOST, 50),
    # 8. A cold start.
    _claim(
        "storm-openings", "openings at once: 128 threads, no connection", Measure.COUNT, _MOST, 2
    ),
    _claim("storm-connections", "connections then, of 10", Measure.COUNT, _MOST, 10),
    _claim(
        "storm-last",
        "until the last of them is served, less five openings of 50 ms",
        Measure.TIME,
        _MOST,
        1.3,
        "the same, connections open already",
    ),
    # 9. Forks.
    _claim("forks-hung", "children of 1,000 forks under load that fail", Measure.COUNT, _MOST, 0),
    _claim("forks-bytes", "bytes they sent on the parent's connections", Measure.COUNT, _MOST, 0),
    # 10. A thousand offers.
    _claim("idle-threads", "threads of 1,000 idle pools", Measure.COUNT, _MOST, 0),
    _claim("idle-memory", "an idle pool and its connection's place", Measure.KIBIBYTES, _MOST, 4),
    _claim(
        "idle-waiters",
        "a lease, 10,000 tasks waiting",
        Measure.PROCESSOR,
        _MOST,
        1.3,
        "the same, 32 tasks waiting",
    ),
    # 11. More than it can bear.
    _claim(
        "overload-rate",
        "leases in time under ten times the load, the hopeless refused",
        Measure.RATE,
        _LEAST,
        0.95,
        "the same pool, never overloaded",
    ),
    _claim(
        "overload-p99",
        "99th percentile of the waits of those served, who were ready to wait 50 ms",
        Measure.MILLISECONDS,
        _MOST,
        50,
    ),
    _claim("overload-refusal", "a refusal", Measure.EACH, _MOST, 20),
)
