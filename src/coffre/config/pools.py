"""Pools and limits of a configuration: of drivers, of their offers, and of all together.

An offer has what its own table says, else what its driver's says, else the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf
from typing import Literal

from coffre.config.section import Section, V
from coffre.manager import (
    GLOBAL_THREADS,
    OFFER_THREADS,
    DriverSettings,
    OfferLimits,
    OfferSettings,
    ThreadLimit,
)
from coffre.pool import PoolSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverTable:
    """One ``[drivers.NAME]``."""

    shared: DriverSettings
    pool: PoolSettings
    """Of each of its offers, unless the offer says otherwise."""


_PLAIN = DriverTable(shared=DriverSettings(), pool=PoolSettings())


def read_drivers(root: Section) -> Mapping[str, DriverTable]:
    """Read ``[drivers.*]``.

    Raises:
        ConfigurationError: a mistake in one of them.
    """
    return {name: _driver(section) for name, section in root.sections("drivers")}


def refuse_unused(
    root: Section, drivers: Mapping[str, DriverTable], offers: tuple[OfferSettings, ...]
) -> None:
    """Refuse settings of a driver that no offer has: a misspelt name would have no effect.

    Raises:
        ConfigurationError: there are some.
    """
    used = sorted({offer.driver for offer in offers})
    for name in drivers:
        if name not in used:
            near = get_close_matches(name, used, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"offers use: {', '.join(used)}"
            root.section("drivers").fail(name, f"no offer has driver {name!r}; {hint}")


def _driver(section: Section) -> DriverTable:
    pool = section.section("pool")
    total = _optional(pool, "max_total", int, None, least=1)
    settings = _pool(pool, PoolSettings())
    limits = section.section("limits")
    limit = None
    if "limits" in section:
        limits.take("threads", int)  # the one key that has no default here
        limit = read_threads(limits)
    limits.finish()
    section.finish()
    return DriverTable(shared=DriverSettings(max_total=total, limit=limit), pool=settings)


def read_offer_limits(section: Section, driver: DriverTable | None) -> OfferLimits:
    """Read ``[offers.ID.pool]`` and ``[offers.ID.limits]``.

    Args:
        section: the offer's table.
        driver: what its driver's table says.

    Raises:
        ConfigurationError: a mistake in one of them.
    """
    limits = section.section("limits")
    found = OfferLimits(
        pool=_pool(section.section("pool"), (driver or _PLAIN).pool),
        limit=read_threads(limits, OFFER_THREADS),
    )
    limits.finish()
    return found


def read_threads(section: Section, default: ThreadLimit = GLOBAL_THREADS) -> ThreadLimit:
    """Read the keys of a limit of threads; the table may have others, and is the caller's to end.

    Raises:
        ConfigurationError: of another type, or out of bounds.
    """
    return ThreadLimit(
        threads=section.take_number("threads", int, default.threads, least=1),
        threads_timeout=section.take_number(
            "threads_timeout", float, default.threads_timeout, least=0
        ),
        threads_waiting=section.take_number(
            "threads_waiting", int, default.threads_waiting, least=0
        ),
    )


def _pool(section: Section, base: PoolSettings) -> PoolSettings:
    def count(key: str, default: int, least: int = 0) -> int:
        return section.take_number(key, int, default, least=least)

    def seconds(key: str, default: float) -> float:
        return section.take_number(key, float, default, least=0)

    patience = seconds("timeout", inf if base.timeout is None else base.timeout)
    settings = PoolSettings(
        max_size=count("max_size", base.max_size, least=1),
        min_idle=count("min_idle", base.min_idle),
        max_opening=count("max_opening", base.max_opening, least=1),
        timeout=None if patience == inf else patience,
        open_timeout=seconds("open_timeout", base.open_timeout),
        max_waiting=_optional(section, "max_waiting", int, base.max_waiting, least=0),
        shed_hopeless=section.take("shed_hopeless", bool, base.shed_hopeless),
        max_lifetime=seconds("max_lifetime", base.max_lifetime),
        idle_timeout=seconds("idle_timeout", base.idle_timeout),
        look_after=seconds("look_after", base.look_after),
        probe_after=seconds("probe_after", base.probe_after),
        probe_timeout=seconds("probe_timeout", base.probe_timeout),
        keepalive=_optional(section, "keepalive", float, base.keepalive, least=1),
        reuse="fifo" if _chosen(section, "reuse", ["lifo", "fifo"], base) == "fifo" else "lifo",
        leak_after=seconds("leak_after", base.leak_after),
        nested=_nested(section, base),
        failure_budget=count("failure_budget", base.failure_budget, least=1),
        first_backoff=seconds("first_backoff", base.first_backoff),
        longest_backoff=seconds("longest_backoff", base.longest_backoff),
        first_rest=seconds("first_rest", base.first_rest),
        longest_rest=seconds("longest_rest", base.longest_rest),
        close_timeout=seconds("close_timeout", base.close_timeout),
    )
    if settings.min_idle > settings.max_size:
        section.fail(
            "min_idle",
            f"min_idle is {settings.min_idle}; it must be at most max_size, {settings.max_size}",
        )
    section.finish()
    return settings


def _optional(
    section: Section, key: str, kind: type[V], default: V | None, *, least: float
) -> V | None:
    if key not in section:
        section.take_if_given(key, kind)  # known, if not given
        return default
    return section.take_number(key, kind, kind(least), least=least)


def _chosen(section: Section, key: str, choices: list[str], base: PoolSettings) -> str:
    default: object = getattr(base, key)
    return section.take_choice(key, choices, str(default))


def _nested(section: Section, base: PoolSettings) -> Literal["warn", "raise", "allow"]:
    match _chosen(section, "nested", ["warn", "raise", "allow"], base):
        case "raise":
            return "raise"
        case "allow":
            return "allow"
    return "warn"
