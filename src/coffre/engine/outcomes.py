"""What the engine answers: frozen values, ready to print or to serialise.

Every one says what was looked at and how; none says *ok* for *not looked* (law 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from coffre.contract import CoffreError, Digest, Evidence, ObjectRef, as_text


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOutcome:
    """What became of one copy on one offer."""

    offer: str
    evidence: Evidence | None
    """How the copy was verified; ``None`` when there is none."""
    already_there: bool = False
    """The same bytes were there before this put."""
    durable: bool = True
    """It survives a power cut as of now."""
    guarantees: str = "declared"
    """How its offer stands: ``proved`` by trials, ``disproved`` in part, or ``declared``."""
    code: str = ""
    """Error code when there is no verified copy; it is owed, then."""
    message: str = ""

    @property
    def verified(self) -> bool:
        """Whether there is a copy that counts."""
        return self.evidence is not None

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "offer": self.offer,
            "verified": self.verified,
            "evidence": None if self.evidence is None else str(self.evidence),
            "already_there": self.already_there,
            "durable": self.durable,
            "guarantees": self.guarantees,
            "code": self.code or None,
            "message": self.message or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """An object is stored, in the number of copies its strategy requires, and that is recorded."""

    ref: ObjectRef
    size: int
    """Bytes."""
    digest: Digest
    """The expected digest, fixed from now on."""
    strategy: str
    copies: tuple[CopyOutcome, ...]
    """One for each offer of the strategy, in its order; those not verified are debts."""
    already_stored: bool = False
    """The same bytes were stored under this reference before; nothing new was recorded."""
    event: int = 0
    """Number of the event in the ledger."""
    name: str = ""
    """Where the bytes came from, as the caller named it."""

    @property
    def verified(self) -> int:
        """Number of verified copies."""
        return sum([copy.evidence is not None for copy in self.copies])

    @property
    def owed(self) -> tuple[CopyOutcome, ...]:
        """Copies still to be made."""
        return tuple([copy for copy in self.copies if copy.evidence is None])

    @property
    def evidence(self) -> Evidence:
        """The weakest evidence among the verified copies."""
        return min([copy.evidence for copy in self.copies if copy.evidence is not None])

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "ref": str(self.ref),
            "name": self.name or None,
            "size": self.size,
            "digest": str(self.digest),
            "strategy": self.strategy,
            "already_stored": self.already_stored,
            "verified": self.verified,
            "evidence": str(self.evidence),
            "event": self.event,
            "copies": [copy.to_json() for copy in self.copies],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One object of a job that could not be dealt with; the job went on (law 12)."""

    ref: ObjectRef | None
    error: CoffreError
    name: str = ""
    """What it was about, when no reference could be made."""

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        told = self.error.to_json()
        told["ref"] = None if self.ref is None else str(self.ref)
        return {"name": self.name or None, "error": told}


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStatus:
    """What is known of one copy, and since when."""

    offer: str
    state: str
    """``verified``, ``declared`` (the offer names it, nobody has looked), ``corrupt``,
    ``missing``, ``retired`` (its offer was), or ``owed`` when it was never made."""
    evidence: Evidence | None
    checked_at: datetime | None
    owed: str = ""
    """Code of what is owed on this offer, empty when nothing is."""
    now: str = ""
    """What the offer answered when asked just now: ``present``, ``absent``, an error code, or
    empty when it was not asked."""

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "offer": self.offer,
            "state": self.state,
            "evidence": None if self.evidence is None else str(self.evidence),
            "checked_at": None if self.checked_at is None else as_text(self.checked_at),
            "owed": self.owed or None,
            "now": self.now or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStatus:
    """One object as the ledger knows it."""

    ref: ObjectRef
    size: int
    digest: Digest
    metadata: Mapping[str, str]
    strategy: str
    deposited_at: datetime
    copies: tuple[CopyStatus, ...]

    @property
    def verified(self) -> int:
        """Number of copies last seen with the expected bytes."""
        return sum(copy.state == "verified" for copy in self.copies)

    @property
    def counted(self) -> int:
        """Number of copies that there are or should be: those on retired offers are none."""
        return sum(copy.state != "retired" for copy in self.copies)

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "ref": str(self.ref),
            "size": self.size,
            "digest": str(self.digest),
            "metadata": dict(self.metadata),
            "strategy": self.strategy,
            "deposited_at": as_text(self.deposited_at),
            "verified": self.verified,
            "copies": [copy.to_json() for copy in self.copies],
        }


class RepairAction(StrEnum):
    """What a repair did to one copy."""

    REWRITTEN = "rewritten"
    """Bad bytes set aside, and a verified copy written in their place."""
    MADE = "made"
    """A copy that was missing or owed was written."""
    FOUND_GOOD = "found-good"
    """The copy was there, and read well: the debt is paid."""
    DELETED = "deleted"
    """A deletion already ordered was done."""
    FAILED = "failed"
    """Not done; the debt stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairOutcome:
    """What a repair did to one copy of one object."""

    ref: ObjectRef
    offer: str
    action: RepairAction
    source: str = ""
    """The offer whose copy was read, and verified in the same pass."""
    quarantined: str = ""
    """Where the bad bytes are now."""
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "ref": str(self.ref),
            "offer": self.offer,
            "action": self.action.value,
            "source": self.source or None,
            "quarantined": self.quarantined or None,
            "code": self.code or None,
            "message": self.message or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """An object was deleted by order; copies on offers not reached are owed deletions."""

    ref: ObjectRef
    order: str
    """Id of the order."""
    deleted: tuple[str, ...]
    """Offers that no longer hold it."""
    owed: Mapping[str, str] = field(default_factory=dict)
    """Offers that could not do it, with the error code; ``repair`` will."""

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "ref": str(self.ref),
            "order": self.order,
            "deleted": list(self.deleted),
            "owed": dict(self.owed),
        }


@dataclass(slots=True)
class RebuildSummary:
    """What was read back into the ledger from one offer."""

    offer: str
    recovered: int = 0
    """Objects recorded anew; their copies are *declared*, an audit has yet to read them."""
    known: int = 0
    """Objects that the ledger already had, with the same digest."""
    conflicts: int = 0
    """Objects that the ledger has with another digest: the ledger stays as it is."""
    deleted: int = 0
    """Objects that the ledger knows to be deleted by order: they do not come back."""
    without_record: int = 0
    """Objects without an expected digest beside them: left alone, nothing is learnt from them."""
    unreadable: int = 0
    """Objects about which the offer answered with an error, or whose name cannot be one."""
    complete: bool = False

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {name: getattr(self, name) for name in self.__slots__}
