"""Snapshots: who uses which connections and threads of this process, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from coffre.pool import LimiterSnapshot, PoolSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSnapshot:
    """One offer."""

    offer: str
    """Its id."""
    driver: str
    """Name of its driver."""
    pool: PoolSnapshot
    """Its connections; offers of one driver with the same parameters share them."""
    threads: LimiterSnapshot
    """Its threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerSnapshot:
    """Every offer of one manager. Of this process alone: another one has pools of its own."""

    offers: tuple[OfferSnapshot, ...]
    limits: tuple[LimiterSnapshot, ...]
    """Limits that offers share: the global one, then those of drivers."""

    def to_json(self) -> Mapping[str, object]:
        """For ``--json``, logs and support."""
        return {
            "offers": {
                one.offer: {
                    "driver": one.driver,
                    "pool": asdict(one.pool),
                    "threads": asdict(one.threads),
                }
                for one in self.offers
            },
            "limits": [asdict(limit) for limit in self.limits],
        }
