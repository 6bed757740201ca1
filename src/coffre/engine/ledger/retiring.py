"""Recording that an offer was retired: nobody looks there any more, and nothing was deleted.

An event for each copy would be as many events as objects. One stands for a batch, and holds the
ranges of object ids and the SHA-512 of the list, as the event of an audit does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import bindparam, delete, update

from coffre.engine.ledger.chain import canonical_json
from coffre.engine.ledger.checks import write_ranges
from coffre.engine.ledger.database import Transaction
from coffre.engine.ledger.eventlog import EventLog
from coffre.engine.ledger.records import CopyState, EventKind, ObjectRecord
from coffre.engine.ledger.schema import copies, debts
from coffre.engine.ledger.statements import constant

_RETIRE_COPY = (
    update(copies)
    .where(
        copies.c.object_id == bindparam("object"),
        copies.c.offer == bindparam("on_offer"),
        copies.c.state != constant(CopyState.DELETED),
        copies.c.state != constant(CopyState.REPLACED),
    )
    .values(state=constant(CopyState.RETIRED))
)
_STRIKE_DEBTS = delete(debts).where(debts.c.offer == bindparam("on_offer"))


def retire_copies(
    transaction: Transaction, log: EventLog, offer: str, records: Sequence[ObjectRecord]
) -> None:
    """Record that the copies of these objects on an offer are no longer counted on."""
    transaction.run_each(_RETIRE_COPY, [(record.id, offer) for record in records])
    body = {
        "count": len(records),
        "digest": f"sha512:{digest_of_copies(records)}",
        "objects": write_ranges(record.id for record in records),
        "offer": offer,
    }
    log.append(EventKind.COPIES_RETIRED, canonical_json(body))


def digest_of_copies(records: Sequence[ObjectRecord]) -> str:
    """SHA-512 of the list: one line per object, by id, ``id algorithm:hex``."""
    ordered = sorted(records, key=lambda record: record.id)
    lines = (f"{record.id} {record.digest}\n" for record in ordered)
    return hashlib.sha512("".join(lines).encode()).hexdigest()


def retire_offer(
    transaction: Transaction, log: EventLog, offer: str, *, author: str, reason: str, copies: int
) -> int:
    """Strike what was owed on an offer, and record who retired it and why; the debts struck."""
    struck = transaction.run(_STRIKE_DEBTS, (offer,))
    body = {"author": author, "copies": copies, "debts": struck, "offer": offer, "reason": reason}
    log.append(EventKind.OFFER_RETIRED, canonical_json(body))
    return struck
