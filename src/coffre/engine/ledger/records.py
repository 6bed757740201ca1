"""What goes into the ledger and what comes out: frozen values, no database in sight.

Times are aware ``datetime`` values in UTC, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from coffre.contract import NO_METADATA, Digest, Evidence, ObjectRef


class ObjectState(StrEnum):
    """What became of an object. Only the first can change, and only once."""

    STORED = "stored"
    """Under its reference, to be found and read."""
    REPLACED = "replaced"
    """Another object was deposited under the same reference since."""
    DELETED = "deleted"
    """Deleted by order; the row stays as a tombstone."""


class CopyState(StrEnum):
    """What is known of one copy."""

    VERIFIED = "verified"
    """It had the expected size and digest, as far as its evidence goes."""
    DECLARED = "declared"
    """The offer names it; nobody has looked. It counts as no verified copy (law 8)."""
    CORRUPT = "corrupt"
    """The offer holds it, with other bytes."""
    MISSING = "missing"
    """The offer answered that it does not hold it. Never said of an offer not reached (law 2)."""
    REPLACED = "replaced"
    """Overwritten by a later object under the same reference."""
    DELETED = "deleted"
    """Deleted by order."""
    RETIRED = "retired"
    """On an offer that was retired: nothing was deleted, and nobody looks there any more."""

    @classmethod
    def of_held(cls, evidence: Evidence) -> CopyState:
        """What a copy is that an offer holds, by how that is known."""
        return cls.DECLARED if evidence is Evidence.DECLARED else cls.VERIFIED


class DebtKind(StrEnum):
    """What is still owed."""

    COPY = "copy"
    """A copy still to be made on that offer."""
    DELETION = "deletion"
    """A deletion already ordered, still to be done on that offer."""


class EventKind(StrEnum):
    """Kinds of event. New ones may come; a reader skips those it does not know."""

    LEDGER_CREATED = "ledger-created"
    OBJECT_DEPOSITED = "object-deposited"
    OBJECT_REPLACED = "object-replaced"
    OBJECT_RECOVERED = "object-recovered"
    DEPOSIT_REPEATED = "deposit-repeated"
    DEPOSIT_REFUSED = "deposit-refused"
    COPY_ADDED = "copy-added"
    COPY_REPAIRED = "copy-repaired"
    COPIES_CHECKED = "copies-checked"
    COPY_CORRUPT = "copy-corrupt"
    COPY_MISSING = "copy-missing"
    COPY_UNKNOWN = "copy-unknown"
    COPY_DELETED = "copy-deleted"
    COPIES_RETIRED = "copies-retired"
    OFFER_RETIRED = "offer-retired"
    OFFER_PROBED = "offer-probed"
    DEBT_ADDED = "debt-added"
    DEBT_PAID = "debt-paid"
    DELETION_ORDERED = "deletion-ordered"
    DELETION_COMPLETED = "deletion-completed"
    JOB_STARTED = "job-started"
    JOB_FINISHED = "job-finished"


class DepositOutcome(StrEnum):
    """What recording one deposit came to."""

    STORED = "stored"
    """A new object."""
    REPLACED = "replaced"
    """A new object, in the place of another."""
    REPEATED = "repeated"
    """The same bytes were there already; copies and debts were merged."""
    CONFLICT = "conflict"
    """Other bytes are there and stay (only from :meth:`Ledger.record_recovered`)."""


class JobState(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """One copy of an object, as last seen."""

    offer: str
    state: CopyState
    evidence: Evidence
    checked_at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DebtRecord:
    """Something still owed for one object on one offer; visible until paid."""

    object_id: int
    offer: str
    kind: DebtKind
    code: str
    """The error code that caused it, such as ``offer-unavailable``."""
    since: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """One object: what was fixed at deposit, and what is known of its copies."""

    id: int
    """Number of the event that deposited it: unique, never used again."""
    ref: ObjectRef
    size: int
    digest: Digest
    """The expected digest, written once (law 1)."""
    metadata: Mapping[str, str]
    strategy: str
    deposited_at: datetime
    state: ObjectState
    copies: tuple[CopyRecord, ...] = ()
    debts: tuple[DebtRecord, ...] = ()

    @property
    def verified_copies(self) -> int:
        """Number of copies last seen with the expected bytes."""
        return sum(1 for copy in self.copies if copy.state is CopyState.VERIFIED)

    def copy_on(self, offer: str) -> CopyRecord | None:
        """The copy that one offer holds or held, ``None`` when it never had one."""
        return next((copy for copy in self.copies if copy.offer == offer), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """One object just stored, to be recorded before it is acknowledged (law 7)."""

    ref: ObjectRef
    size: int
    digest: Digest
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    strategy: str = "default"
    copies: Sequence[tuple[str, Evidence]] = ()
    """Each offer that holds a copy, and on what evidence: verified, unless only declared."""
    debts: Sequence[tuple[str, str, str]] = ()
    """Each offer that should hold a copy and does not: offer, error code, note."""
    deposited_at: datetime | None = None
    """When it was first deposited, for objects recovered from an offer; now, otherwise."""


class Recorded(NamedTuple):
    """What recording one deposit came to."""

    object_id: int
    event: int
    """Number of the event in the log (of the earlier deposit, on a conflict)."""
    outcome: DepositOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one look at one copy found."""

    object_id: int
    offer: str
    state: CopyState | None
    """``VERIFIED``, ``CORRUPT`` or ``MISSING``; ``None`` when it could not be looked at, which
    says nothing about the copy (law 2): it keeps the state it had."""
    evidence: Evidence
    code: str = ""
    """The error code of a failure; the state's own when empty."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionOrder:
    """Who wants an object deleted, and why. Nothing is deleted without one (law 3)."""

    id: str
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event of the log, and its place in the chain."""

    seq: int
    """Its number: the log counts 1, 2, 3 ... without a gap."""
    at: str
    """When, UTC, RFC 3339."""
    kind: str
    author: str
    ref: str | None
    object_id: int | None
    body: str
    """The particulars, canonical JSON."""
    previous: bytes
    """Digest of the event before."""
    digest: bytes
    """SHA-512 of ``previous`` and of the canonical event."""


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """Where the log ends. Kept elsewhere (printed, signed), it proves what the log held then."""

    seq: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One resumable job: an audit, a repair."""

    id: int
    kind: str
    scope: Mapping[str, object]
    """What it covers, as the engine chose to write it."""
    cursor: int
    """Everything up to this object id has been dealt with."""
    counts: Mapping[str, int]
    state: JobState
    started_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a job has come, saved in the same transaction as what it found."""

    job_id: int
    cursor: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """One thing the ledger's own verification found wrong."""

    seq: int
    """Event concerned, or the object's id."""
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """What the ledger holds, counted at one moment."""

    objects: Mapping[ObjectState, int]
    bytes_stored: int
    copies: Mapping[CopyState, int]
    debts: Mapping[DebtKind, int]
    events: int
