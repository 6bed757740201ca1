"""Probes: what an offer really gives, tried on the offer itself, and kept with its date.

A driver *declares*; a probe *proves*, by trials that must succeed and trials that must be
refused, or *disproves*. What a service accepts in silence is no capability.

Records and verdicts are light and pure, and are imported with this room: whoever opens offers
reads them. The trials use the conformance kit, and are imported when they are run::

    from coffre.probe.running import run_probe
"""

from coffre.probe.guarantees import (
    BASIC,
    EVERYTHING,
    WRITING,
    Guarantee,
    State,
    hindrance,
    judge,
    refusal_of,
    withheld,
    worst,
)
from coffre.probe.record import ProbeRecord, Subject, TrialRecord
from coffre.probe.settings import ProbeSettings

__all__ = [
    "BASIC",
    "EVERYTHING",
    "WRITING",
    "Guarantee",
    "ProbeRecord",
    "ProbeSettings",
    "State",
    "Subject",
    "TrialRecord",
    "hindrance",
    "judge",
    "refusal_of",
    "withheld",
    "worst",
]
