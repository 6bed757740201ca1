"""Looking at one copy: read it whole, hold it against the expected digest, say what was seen.

A short read, an offer that cannot be asked and a mismatch are three different things. A
mismatch is seen a second time, over a fresh connection, before it is believed: bytes that were
damaged on the way say nothing about the copy.
"""

from __future__ import annotations

from dataclasses import dataclass

from coffre.contract import (
    CoffreError,
    Evidence,
    GetRequest,
    ObjectCorruptError,
    ObjectNotFoundError,
)
from coffre.engine.ledger import Check, CopyState, ObjectRecord
from coffre.offer import Offer
from coffre.streams import chunks_of


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


def look(offer: Offer | None, record: ObjectRecord) -> Look:
    """Read one copy to its end and say what it is; never raises for what it finds.

    Args:
        offer: the offer that should hold it; ``None`` when it is not configured (any more).
        record: the object, with its expected size and digest.
    """
    if offer is None:
        return Look(None, Evidence.DECLARED, "offer-unknown", "the offer is not configured")
    first = _look_once(offer, record)
    if first.state is not CopyState.CORRUPT:
        return first
    second = _look_once(offer, record)
    if second.state is CopyState.VERIFIED:
        return Look(
            None,
            Evidence.READ,
            "unsteady",
            f"read wrong, then right: {first.detail}",
            first.bytes_read + second.bytes_read,
        )
    return second


def _look_once(offer: Offer, record: ObjectRecord) -> Look:
    read = 0
    try:
        request = GetRequest(ref=record.ref)
        with offer.get(request, expected=record.digest, size=record.size) as found:
            for chunk in chunks_of(found.stream):
                read += len(chunk)
    except ObjectNotFoundError as error:
        return Look(CopyState.MISSING, Evidence.PRESENT, error.code, str(error))
    except ObjectCorruptError as error:
        return Look(CopyState.CORRUPT, Evidence.READ, error.code, str(error), read)
    except CoffreError as error:
        return Look(None, Evidence.DECLARED, error.code, str(error), read)
    return Look(CopyState.VERIFIED, Evidence.READ, bytes_read=read)
