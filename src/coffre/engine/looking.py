"""Looking at one copy: read it whole, hold it against the expected digest, say what was seen.

A short read, an offer that cannot be asked and a mismatch are three different things. What is
not good is seen a second time, over a fresh connection, before it is believed: bytes that were
damaged on the way say nothing about the copy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from coffre.contract import CoffreError, Evidence, ObjectCorruptError, ObjectNotFoundError
from coffre.engine.context import Context
from coffre.engine.ledger import Check, CopyState, ObjectRecord, ObjectState
from coffre.offer import Examination, Offer


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at one copy showed."""

    state: CopyState | None
    """``None`` when nothing can be said of the copy (law 2)."""
    evidence: Evidence
    code: str = ""
    detail: str = ""
    bytes_read: int = 0

    def check(self, record: ObjectRecord, offer: str) -> Check:
        """The look, as the ledger records it."""
        return Check(
            object_id=record.id,
            offer=offer,
            state=self.state,
            evidence=self.evidence,
            code=self.code,
            detail=self.detail,
        )


NOT_CONFIGURED = Look(None, Evidence.DECLARED, "offer-unknown", "the offer is not configured")
"""What there is to say of a copy on an offer that is not configured (any more)."""


def look(offer: Offer | None, record: ObjectRecord) -> Look:
    """Read one copy to its end and say what it is; never raises for what it finds.

    Args:
        offer: the offer that should hold it; ``None`` when it is not configured (any more).
        record: the object, with its expected size and digest.
    """
    if offer is None:
        return NOT_CONFIGURED
    with offer.examine() as examination:
        return look_over(examination, record)


def look_over(examination: Examination, record: ObjectRecord) -> Look:
    """The same, over the connection of an examination; a second look has a fresh one."""
    first = look_once(examination, record)
    if first.state in (None, CopyState.VERIFIED):
        return first
    second = look_once(examination, record)
    bytes_read = first.bytes_read + second.bytes_read
    if second.state in (None, first.state):
        return replace(second, bytes_read=bytes_read)
    detail = f"seen {first.state}, then {second.state}: {first.detail}"
    return Look(None, Evidence.READ, "unsteady", detail, bytes_read)


def at_rest(context: Context, record: ObjectRecord, seen: Look) -> Look | None:
    """What a look says of a copy that others may have been working on meanwhile.

    Returns:
        What was seen: nothing certain if somebody is storing or deleting under this reference
        right now; ``None`` if the object was replaced or deleted, so that there is no such
        copy to speak of any more.
    """
    if seen.state in (None, CopyState.VERIFIED):
        return seen
    # In this order: who had finished before the first question is seen by the second.
    if context.ledger.is_claimed(record.ref):
        detail = f"seen while somebody was at work on it: {seen.detail}"
        return Look(None, seen.evidence, "object-busy", detail, seen.bytes_read)
    return seen if is_stored(context, record) else None


def is_stored(context: Context, record: ObjectRecord) -> bool:
    """Whether an object is still the one under its reference."""
    return any(now.state is ObjectState.STORED for now in context.ledger.find_ids([record.id]))


def look_once(examination: Examination, record: ObjectRecord) -> Look:
    """Read one copy to its end, once."""
    try:
        examination.read(record.ref, record.size, record.digest)
    except CoffreError as error:
        return _failed(error, examination.bytes_read)
    return Look(CopyState.VERIFIED, Evidence.READ, bytes_read=record.size)


def _failed(error: CoffreError, bytes_read: int) -> Look:
    """What an error says of a copy: most say nothing."""
    state, evidence = None, Evidence.DECLARED
    if isinstance(error, ObjectNotFoundError):
        state, evidence = CopyState.MISSING, Evidence.PRESENT
    elif isinstance(error, ObjectCorruptError):
        state, evidence = CopyState.CORRUPT, Evidence.READ
    return Look(state, evidence, error.code, str(error), bytes_read)
