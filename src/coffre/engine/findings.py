"""Findings: what an audit tells, one by one, and in its summary.

A finding says what was looked at; none says *ok* for *not looked* (law 8), and the counts of
the summary are those of its lines (law 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from coffre.contract import ObjectRef


class FindingCode(StrEnum):
    """What an audit can find."""

    CORRUPT = "copy-corrupt"
    """The offer holds other bytes than expected."""
    MISSING = "copy-missing"
    """The offer answered that it does not hold the object."""
    UNKNOWN = "copy-unknown"
    """The copy could not be looked at: nothing is concluded from that (law 2)."""
    OWED = "copy-owed"
    """The copy was never made."""
    UNRECORDED = "object-unrecorded"
    """The offer holds an object that the ledger does not know."""
    UNLISTED = "offer-unlisted"
    """The offer could not be listed to the end: what else it holds is not known (law 2)."""
    DELETION_OWED = "deletion-owed"
    """A deletion was ordered, and this copy is still there."""
    UNDER_STRATEGY = "under-strategy"
    """Fewer verified copies than the strategy requires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing an audit found wrong, or could not look at."""

    ref: ObjectRef | None
    """``None`` when it is about an offer as a whole, or a name that cannot be a reference."""
    offer: str | None
    code: FindingCode
    detail: str = ""

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "ref": None if self.ref is None else str(self.ref),
            "offer": self.offer,
            "code": self.code.value,
            "detail": self.detail or None,
        }


@dataclass(slots=True)
class AuditSummary:
    """What an audit did, counted as it goes; the counts of copies add up."""

    objects: int = 0
    copies: int = 0
    """Copies that were to be looked at: the sum of the four counts that follow."""
    verified: int = 0
    corrupt: int = 0
    missing: int = 0
    unknown: int = 0
    owed: int = 0
    """Copies never made, beside those looked at."""
    unrecorded: int = 0
    under_strategy: int = 0
    """Objects with fewer verified copies than required."""
    deletions_owed: int = 0
    """Copies whose deletion was ordered and is not done."""
    unknown_listings: int = 0
    """Offers that could not be listed: nothing is known of what they hold beside the ledger."""
    bytes_read: int = 0
    evidence: str = "read"
    complete: bool = False
    """The whole scope was gone through; an interrupted audit is not complete."""
    resumed: bool = False
    """It went on where an interrupted one had stopped."""
    told_before: int = 0
    """Findings of the part that was interrupted: counted here, and not told again."""
    job: int = 0
    seconds: float = 0.0

    @property
    def findings(self) -> int:
        """Number of findings; zero is needed, and enough, for *nothing wrong found*."""
        copies = self.corrupt + self.missing + self.unknown + self.owed
        offers = self.unrecorded + self.deletions_owed + self.unknown_listings
        return copies + offers + self.under_strategy

    @property
    def repairable(self) -> int:
        """Number of findings that a repair can do something about."""
        return self.corrupt + self.missing + self.owed + self.deletions_owed

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        told: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        return told | {"findings": self.findings}
