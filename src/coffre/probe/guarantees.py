"""Guarantees: what an offer really gives, judged from what is declared and what was seen.

Pure: records in, states out. A guarantee is a capability, or one of the basic duties of the
contract. It is *proved* when every trial of it passed on this very subject, *disproved* when one
failed, *declared* otherwise: nobody looked, somebody looked at something else, or the offer
could not be asked (law 2: *unknown* is no answer).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coffre.contract import Capability, as_text
from coffre.probe.record import FAILED, PASSED, ProbeRecord, Subject, TrialRecord

BASIC: tuple[str, ...] = (
    "put.whole",
    "put.digest",
    "put.size",
    "put.source",
    "put.conflict",
    "put.same",
    "put.visible",
    "get.absent",
    "list.complete",
    "list.order",
    "delete.gone",
)
"""Duties of every driver that a probe tries, capabilities or not, in the order of a report."""

WRITING: tuple[str, ...] = tuple(name for name in BASIC if name.startswith("put."))
"""Those without which nothing may be put: each of them broken loses or corrupts an object."""


class State(StrEnum):
    """How much is known of a guarantee."""

    PROVED = "proved"
    """Tried on this very offer, and kept each time, also where a refusal was owed."""
    DECLARED = "declared"
    """The driver says so."""
    DISPROVED = "disproved"
    """Tried on this very offer, and not kept: never relied on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """One thing that an offer gives, or only says that it gives."""

    name: str
    """A capability, or the id of a duty of the contract."""
    state: State
    at: datetime | None = None
    """When that was seen; ``None`` for what is only declared."""
    why: str = ""
    """What disproved it, or why it is declared and no more; empty when it is proved."""
    trial: str = ""
    """The trial that disproved it."""

    @property
    def effective(self) -> bool:
        """Whether it may be relied on."""
        return self.state is not State.DISPROVED

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "name": self.name,
            "state": str(self.state),
            "effective": self.effective,
            "at": None if self.at is None else as_text(self.at),
            "trial": self.trial or None,
            "why": self.why or None,
        }


def judge(
    record: ProbeRecord | None, subject: Subject, declared: Collection[Capability]
) -> tuple[Guarantee, ...]:
    """What an offer gives now.

    Args:
        record: the last probe of it, when there was one.
        subject: what the offer is now.
        declared: what its sessions declare now.

    Returns:
        The basic duties, then each capability declared, sorted.
    """
    names = (*BASIC, *sorted(declared))
    if record is None:
        return _all_declared(names, "not probed")
    if changed := subject.difference(record.subject):
        return _all_declared(names, f"probed on {day(record.at)}, but {changed}")
    return tuple(_judged(name, record) for name in names)


def _judged(name: str, record: ProbeRecord) -> Guarantee:
    trials = [one for one in record.trials if one.guarantee == name]
    failed = next((one for one in trials if one.outcome == FAILED), None)
    if failed is not None:
        return Guarantee(
            name=name,
            state=State.DISPROVED,
            at=record.at,
            why=failed.seen,
            trial=failed.trial,
        )
    if trials and all(one.outcome == PASSED for one in trials):
        return Guarantee(name=name, state=State.PROVED, at=record.at)
    return Guarantee(name=name, state=State.DECLARED, why=_untried(trials))


def _untried(trials: Sequence[TrialRecord]) -> str:
    """Why nothing is known: of several reasons the first."""
    first = next((one for one in trials if one.outcome != PASSED), None)
    return "no trial of it" if first is None else f"not tried: {first.seen}"


def _all_declared(names: Iterable[str], why: str) -> tuple[Guarantee, ...]:
    return tuple(Guarantee(name=name, state=State.DECLARED, why=why) for name in names)


# --- what follows from it ------------------------------------------------------------------------


def refusal_of(guarantee: Guarantee) -> str:
    """Why something disproved is not done, as the end of a sentence: trial, date and sight."""
    on = "an unknown day" if guarantee.at is None else day(guarantee.at)
    return f"disproved on {on} by trial {guarantee.trial} ({guarantee.why})"


def withheld(guarantees: Iterable[Guarantee]) -> dict[Capability, str]:
    """Capabilities that are declared and never relied on, each with the reason."""
    known = set(Capability)
    return {
        Capability(one.name): refusal_of(one)
        for one in guarantees
        if one.name in known and not one.effective
    }


def hindrance(guarantees: Sequence[Guarantee], demanded: Collection[str] = ()) -> str | None:
    """What keeps objects from being put on an offer, as the end of a sentence, if anything does.

    Args:
        guarantees: of the offer.
        demanded: names of guarantees that must be proved; :data:`EVERYTHING` for all of them.
    """
    broken = [one for one in guarantees if one.name in WRITING and not one.effective]
    if broken:
        return f"{broken[0].name} was {refusal_of(broken[0])}"
    wanted = {one.name for one in guarantees} if EVERYTHING in demanded else set(demanded)
    given = {one.name: one for one in guarantees}
    for name in sorted(wanted):
        found = given.get(name)
        if found is None:
            return f"{name} must be proved, and is not even declared"
        if found.state is not State.PROVED:
            return f"{name} must be proved, and is {found.state}: {found.why}"
    return None


EVERYTHING = "*"
"""Among what is demanded: whatever the offer gives must be proved."""


def worst(guarantees: Iterable[Guarantee]) -> State:
    """How an offer stands in one word: disproved before declared before proved."""
    states = {one.state for one in guarantees}
    order = (State.DISPROVED, State.DECLARED, State.PROVED)
    return next((state for state in order if state in states), State.DECLARED)


def day(at: datetime) -> str:
    """A date as a sentence has it, UTC."""
    return as_text(at)[:10]
