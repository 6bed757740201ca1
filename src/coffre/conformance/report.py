"""Reports: what was tried, what came of it, and what was not tried; values, ready for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from coffre.conformance.duty import PROFILES, Duty
from coffre.contract import Capability, Version, as_text


class Outcome(StrEnum):
    """What came of one trial."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A duty that was not kept."""

    duty: Duty
    check: str
    """What the check is, as a sentence."""
    done: tuple[str, ...]
    """What was done, step by step."""
    seen: str
    """What was seen, as a sentence."""
    reproduce: str
    """The one command that does it again, alone."""
    where: str | None = None
    """The end of the traceback, when the driver raised something that nobody expected."""

    def to_json(self) -> dict[str, object]:
        """The finding as one JSON object."""
        return {
            "duty": {"id": self.duty.id, "text": self.duty.text, "source": self.duty.source},
            "check": self.check,
            "done": list(self.done),
            "seen": self.seen,
            "reproduce": self.reproduce,
            "where": self.where,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something measured; it has no verdict."""

    name: str
    value: float
    unit: str

    def to_json(self) -> dict[str, object]:
        """The figure as one JSON object."""
        return {"name": self.name, "value": self.value, "unit": self.unit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one trial."""

    trial: str
    """Id of the trial: duty, check and case."""
    duty: str
    """Id of the duty."""
    profile: str
    outcome: Outcome
    seconds: float
    """How long it took."""
    reason: str | None = None
    """Why it was not tried."""
    hook: str | None = None
    """Method of the harness with which it could have been, where there is one."""
    finding: Finding | None = None
    """What was not kept, when it failed."""
    remarks: tuple[str, ...] = ()
    """What a provider should know, and breaks no duty."""
    figures: tuple[Figure, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The verdict as one JSON object."""
        return {
            "trial": self.trial,
            "duty": self.duty,
            "profile": self.profile,
            "outcome": str(self.outcome),
            "seconds": round(self.seconds, 6),
            "reason": self.reason,
            "hook": self.hook,
            "finding": None if self.finding is None else self.finding.to_json(),
            "remarks": list(self.remarks),
            "figures": [figure.to_json() for figure in self.figures],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many trials came out how."""

    passed: int = 0
    failed: int = 0
    not_tried: int = 0

    @classmethod
    def of(cls, verdicts: Sequence[Verdict]) -> Tally:
        """Count."""
        outcomes = [verdict.outcome for verdict in verdicts]
        return cls(
            passed=outcomes.count(Outcome.PASSED),
            failed=outcomes.count(Outcome.FAILED),
            not_tried=outcomes.count(Outcome.NOT_TRIED),
        )

    def to_json(self) -> dict[str, object]:
        """The counts as one JSON object."""
        return {"passed": self.passed, "failed": self.failed, "not_tried": self.not_tried}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole run of the kit on one offer."""

    driver: str
    """Name of the driver."""
    driver_version: Version
    written_for: Version
    """Contract version that the driver declares."""
    contract: Version
    """Contract version of the kit."""
    coffre: str
    """Version of the package the kit came with."""
    service: str
    """URL of the offer: it never holds a password."""
    capabilities: tuple[Capability, ...]
    """What a session declared, sorted."""
    profiles: tuple[str, ...]
    """Profiles that were asked for; of what was chosen otherwise, those it belongs to."""
    seed: int
    started: datetime
    """When it began, UTC."""
    seconds: float
    """How long it took."""
    verdicts: tuple[Verdict, ...] = field(repr=False)
    """One for each trial of those profiles, in the order of the catalogue."""

    @property
    def tally(self) -> Tally:
        """How many trials came out how."""
        return Tally.of(self.verdicts)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every duty that was not kept."""
        return tuple(one.finding for one in self.verdicts if one.finding is not None)

    @property
    def passed(self) -> bool:
        """Whether something passed and nothing failed; says nothing of what was not tried."""
        return self.tally.failed == 0 and self.tally.passed > 0

    def by_profile(self) -> Mapping[str, Tally]:
        """The counts of each profile, in the order of profiles."""
        return {
            name: Tally.of([one for one in self.verdicts if one.profile == name])
            for name in PROFILES
            if any(one.profile == name for one in self.verdicts)
        }

    def not_tried(self) -> Iterator[Verdict]:
        """What could not be tried, with its reason."""
        return (one for one in self.verdicts if one.outcome is Outcome.NOT_TRIED)

    def remarks(self) -> tuple[str, ...]:
        """Every remark, once."""
        return tuple(dict.fromkeys(text for one in self.verdicts for text in one.remarks))

    def figures(self) -> tuple[Figure, ...]:
        """Everything that was measured."""
        return tuple(figure for one in self.verdicts for figure in one.figures)

    def to_json(self) -> dict[str, object]:
        """The report as one JSON object."""
        return {
            "driver": {
                "name": self.driver,
                "version": str(self.driver_version),
                "contract": str(self.written_for),
            },
            "contract": str(self.contract),
            "coffre": self.coffre,
            "service": self.service,
            "capabilities": [str(one) for one in self.capabilities],
            "profiles": {name: tally.to_json() for name, tally in self.by_profile().items()},
            "asked": list(self.profiles),
            "seed": self.seed,
            "started": as_text(self.started),
            "seconds": round(self.seconds, 6),
            "tally": self.tally.to_json(),
            "passed": self.passed,
            "remarks": list(self.remarks()),
            "figures": [figure.to_json() for figure in self.figures()],
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
        }
