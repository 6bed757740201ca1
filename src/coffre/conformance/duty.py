"""Duties: one sentence of the contract each, with a name that reports and tables quote."""

from __future__ import annotations

from dataclasses import dataclass

from coffre.contract import Capability

CORE = "core"
"""Profile of what every driver owes."""
MODEL = "model"
"""Profile of long random histories, held against a dictionary."""
FAULTS = "faults"
"""Profile of networks that cut, stall and spoil, and of services that stop."""
LIMITS = "limits"
"""Profile of large objects, many objects, long listings, many sessions at once."""
SPEED = "speed"
"""Profile of figures; it has no verdict."""

PROFILES: tuple[str, ...] = (CORE, *(str(one) for one in Capability), MODEL, FAULTS, LIMITS, SPEED)
"""Every profile, in the order of a report: between the fixed ones, one for each capability."""
USUAL_PROFILES = tuple(name for name in PROFILES if name not in (LIMITS, SPEED))
"""Those tried unless others are asked for: minutes rather than hours on a distant service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing that a driver owes, as the contract says it."""

    id: str
    """Area and word, ``put.atomic``: stable once released."""
    text: str
    """The duty as one sentence."""
    source: str
    """Where the contract says it: a name of ``coffre.contract``, or a page of the documentation."""
    profile: str = CORE
    """Profile that its checks belong to, unless a check says otherwise."""

    @property
    def area(self) -> str:
        """First word of the id: ``put``."""
        return self.id.partition(".")[0]
