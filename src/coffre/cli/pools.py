"""Pools and limits as ``coffre offers`` shows them: those of this process, at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from coffre.cli.output import Output

if TYPE_CHECKING:
    from coffre.engine import Engine
    from coffre.manager import OfferSnapshot

HEADINGS = (
    "OFFER", "HELD", "IDLE", "OPENING", "MOST", "WAITING", "OLDEST WAIT", "THREADS", "BREAKER"
)  # fmt: skip
HONESTLY = (
    "connections and threads are those of this command alone: every process has its own. "
    "A service shows its own by Engine.snapshot() and by its metrics"
)


def pools_of(engine: Engine) -> Mapping[str, OfferSnapshot]:
    """What each offer holds now, by its id; nothing when whoever opened them cannot tell."""
    from coffre.manager import DriverManager

    manager = engine.offers
    if not isinstance(manager, DriverManager):
        return {}
    return {one.offer: one for one in manager.snapshot().offers}


def described(seen: OfferSnapshot | None) -> dict[str, object]:
    """For programs; every process has its own, and the document says which it is about."""
    if seen is None:
        return {}
    return {"pool": {"of": "this process", **asdict(seen.pool)}, "threads": asdict(seen.threads)}


def show(pools: Mapping[str, OfferSnapshot], out: Output) -> None:
    """A table for a person, who holds what below it, and what it is not."""
    out.table(HEADINGS, [_row(one) for one in pools.values()])
    for one in pools.values():
        for lease in one.pool.leases:
            out.result({}, f"{one.offer}: {lease.holder} since {lease.age:.1f} s, at {lease.place}")
    out.advice(HONESTLY)


def _row(seen: OfferSnapshot) -> tuple[str, ...]:
    pool, threads = seen.pool, seen.threads
    return (
        seen.offer,
        str(pool.held),
        str(pool.idle),
        str(pool.opening),
        str(pool.max_size),
        str(pool.waiting + threads.waiting),
        f"{max(pool.oldest_wait, threads.oldest_wait):.1f} s",
        f"{threads.inside} of {threads.max_concurrent}",
        pool.breaker,
    )
