"""Place: one offer, as one connection sees it."""

from __future__ import annotations

from dataclasses import dataclass

from coffre.drivers.swift.names import Names
from coffre.drivers.swift.service import Service
from coffre.drivers.swift.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """An account, and the part of it that is the offer."""

    service: Service
    names: Names
    settings: Settings
