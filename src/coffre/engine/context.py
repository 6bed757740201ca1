"""What every operation of the engine works with: offers, strategies, the ledger, the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from coffre.contract import SYSTEM_CLOCK, Clock, ObjectRef
from coffre.engine.containers import ContainerRights, rights_of
from coffre.engine.ledger import Ledger
from coffre.engine.strategy import Strategy, StrategyError
from coffre.offer import Offer

GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what one operation may use or touch."""

    spool_bytes: int = 64 * GIB
    """Most bytes of a one-shot stream that are kept aside on disk before it is stored."""
    spool_directory: str | None = None
    """Where they go; the system's temporary place when ``None``."""
    brake_count: int = 1000
    """A repair that would touch more objects than this stops and asks (law 9) ..."""
    brake_share: float = 0.1
    """... as does one that would touch more than this share of all objects."""
    brake_floor: int = 20
    """Up to this many objects, the share is not looked at: small archives have few."""


class Told(Protocol):
    """Something that can be told as JSON."""

    def to_json(self) -> Mapping[str, object]:
        """Names and values."""
        ...


@runtime_checkable
class Observed(Protocol):
    """A set of offers that can say how it is doing."""

    def snapshot(self) -> Told:
        """Connections and threads in use now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The engine's surroundings; it is handed all of them and opens none."""

    offers: Mapping[str, Offer]
    """Every offer, by id; may change while the engine runs."""
    strategies: Mapping[str, Strategy]
    ledger: Ledger
    rights: Mapping[str, ContainerRights] = field(default_factory=dict)
    """Rights of containers, where they differ from the protocol's."""
    limits: Limits = field(default_factory=Limits)
    author: str = "coffre"
    """Who acts, as the ledger's events say."""
    clock: Clock = SYSTEM_CLOCK

    def strategy(self, name: str) -> Strategy:
        """The strategy of that name.

        Raises:
            StrategyError: nobody defined it.
        """
        try:
            return self.strategies[name]
        except KeyError:
            known = ", ".join(sorted(self.strategies)) or "none"
            raise StrategyError(f"no strategy {name!r}; known: {known}") from None

    def offer(self, name: str) -> Offer:
        """The offer of that id.

        Raises:
            StrategyError: no such offer is open.
        """
        try:
            return self.offers[name]
        except KeyError:
            known = ", ".join(sorted(self.offers)) or "none"
            raise StrategyError(f"offer {name!r} is not configured; known: {known}") from None

    def rights_of(self, ref: ObjectRef) -> ContainerRights:
        """What may be done with an object."""
        return rights_of(ref.container, self.rights)
