"""Settings: a configuration that was read, typed and frozen. Nothing is open yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coffre.contract import Secret
from coffre.engine import ContainerRights, Limits, Strategy
from coffre.manager import DriverSettings, OfferSettings, ThreadLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """Where the ledger is."""

    url: str
    """Absolute path of an embedded ledger, or ``postgresql://user@host/database``."""
    password: Secret | None = None
    """Of the database user, where there is one."""
    busy_timeout: float = 10.0
    """Seconds to wait for other writers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that one configuration says."""

    path: Path
    """The file; what it names is relative to its directory, and absolute here."""
    ledger: LedgerSettings
    offers: tuple[OfferSettings, ...]
    """In the order of the file."""
    strategies: Mapping[str, Strategy]
    """By name; ``default`` is among them."""
    rights: Mapping[str, ContainerRights]
    """Rights of containers, where they differ from the protocol's."""
    limits: Limits
    drivers: Mapping[str, DriverSettings]
    """What the offers of one driver share, by its name."""
    threads: ThreadLimit
    """Of all offers together."""
