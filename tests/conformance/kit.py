"""All the checks, as one class: subclass it, and provide a fixture named ``harness``."""

from __future__ import annotations

from tests.conformance.basics import DriverBasics
from tests.conformance.putting import PutConformance, ReplaceConformance
from tests.conformance.reading import (
    DeleteConformance,
    GetConformance,
    ListConformance,
    StatConformance,
)
from tests.conformance.services import ServicesConformance


class DriverConformance(
    DriverBasics,
    PutConformance,
    ReplaceConformance,
    GetConformance,
    StatConformance,
    DeleteConformance,
    ListConformance,
    ServicesConformance,
):
    """What a driver of contract 1.0 owes."""
