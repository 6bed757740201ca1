"""What a copy changes around it: the copy's row, the debts it pays.

Two rules live here. A copy pays the debt of a copy on the same offer. And where an offer now
holds a later object under the same reference, the bytes that an earlier deletion was to remove
are gone: that deletion is no longer owed, and carrying it out would destroy the new object.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from coffre.contract import Evidence, ObjectRef
from coffre.engine.ledger.chain import canonical_json, storable
from coffre.engine.ledger.database import Transaction
from coffre.engine.ledger.eventlog import EventLog
from coffre.engine.ledger.records import CopyState, DebtKind, EventKind, ObjectState
from coffre.engine.ledger.schema import copies, debts, objects
from coffre.engine.ledger.statements import (
    DROP_DEBT,
    SET_COPY,
    constant,
    copies_of,
    debts_of,
    limited,
)

_VERIFIED = CopyState.VERIFIED.value
_DECLARED = CopyState.DECLARED.value
_LOOKED_AT = (_VERIFIED, CopyState.CORRUPT.value)
_COPY_DEBT = DebtKind.COPY.value
_DELETION_DEBT = DebtKind.DELETION.value

_DELETION_OWED = debts.c.kind == constant(_DELETION_DEBT)
_ANY_DELETION = limited(select(debts.c.object_id).where(_DELETION_OWED), "1")
_DELETIONS_UNDER_REF = (
    select(debts.c.object_id, debts.c.offer)
    .join(objects, objects.c.id == debts.c.object_id)
    .where(
        objects.c.tenant == bindparam("of_tenant"),
        objects.c.container == bindparam("of_container"),
        objects.c.identifier == bindparam("of_identifier"),
        objects.c.state != constant(ObjectState.STORED),
        _DELETION_OWED,
    )
)


class CopyMerge:
    """Changes the copies and debts of one object that the ledger knows."""

    def __init__(self, transaction: Transaction, object_id: int, at: str) -> None:
        """Read what the object has.

        Args:
            transaction: a writing transaction.
            object_id: the object.
            at: now, RFC 3339 UTC.
        """
        self._transaction = transaction
        self._object_id = object_id
        self._at = at
        rows = transaction.rows(copies_of(1), (object_id,))
        self._copies: dict[str, tuple[str, int]] = {row[1]: (row[2], row[3]) for row in rows}
        rows = transaction.rows(debts_of(1), (object_id,))
        self._owed: set[str] = {row[1] for row in rows if row[2] == _COPY_DEBT}
        self.paid: list[str] = []
        """Offers whose debt was paid."""

    def add_copies(self, verified: Sequence[tuple[str, Evidence]], detail: str = "") -> list[str]:
        """Record copies that are held; the offers that had none until now.

        Evidence is not lowered: a copy that was read again stays so when the same bytes are
        merely put again. And hearsay changes nothing about a copy that somebody looked at.
        """
        added, detail = [], storable(detail)
        for offer, evidence in verified:
            state, level = self._copies.get(offer, ("", -1))
            if evidence is Evidence.DECLARED:
                added += self._declare(offer, state, detail)
                continue
            if state != _VERIFIED:
                added.append(offer)
            if not state:
                row = (self._object_id, offer, _VERIFIED, evidence.value, self._at, detail)
                self._transaction.insert(copies, [row])
            elif state != _VERIFIED or evidence >= level:
                values = (_VERIFIED, evidence.value, self._at, detail, self._object_id, offer)
                self._transaction.run(SET_COPY, values)
            self._copies[offer] = (_VERIFIED, max(evidence.value, level))
            self._pay(offer)
        return added

    def _declare(self, offer: str, state: str, detail: str) -> list[str]:
        """An offer names a copy: believed where none was known, or one was missed."""
        if state in _LOOKED_AT:
            return []
        values = (_DECLARED, Evidence.DECLARED.value, self._at, detail)
        if not state:
            self._transaction.insert(copies, [(self._object_id, offer, *values)])
        elif state != _DECLARED:
            self._transaction.run(SET_COPY, (*values, self._object_id, offer))
        self._copies[offer] = (_DECLARED, Evidence.DECLARED.value)
        self._pay(offer)
        return [] if state == _DECLARED else [offer]

    def lose_copy(self, offer: str, state: CopyState, evidence: Evidence, detail: str) -> None:
        """Record that an offer holds no good copy, whether it was known to have one or not."""
        values = (state.value, evidence.value, self._at, storable(detail))
        if offer in self._copies:
            self._transaction.run(SET_COPY, (*values, self._object_id, offer))
        else:
            self._transaction.insert(copies, [(self._object_id, offer, *values)])
        self._copies[offer] = (state.value, evidence.value)

    def add_debts(self, owed: Sequence[tuple[str, str, str]]) -> list[str]:
        """Record copies still to be made; the offers that did not owe one until now.

        An offer that holds a verified copy owes none, and an old debt keeps its date.
        """
        added = []
        for offer, code, note in owed:
            verified = self._copies.get(offer, ("", -1))[0] == _VERIFIED
            if not verified and offer not in self._owed:
                row = (self._object_id, offer, _COPY_DEBT, code, self._at, storable(note))
                self._transaction.insert(debts, [row])
                self._owed.add(offer)
                added.append(offer)
        return added

    def _pay(self, offer: str) -> None:
        if offer in self._owed:
            self._transaction.run(DROP_DEBT, (self._object_id, offer, _COPY_DEBT))
            self._owed.remove(offer)
            self.paid.append(offer)


def are_deletions_owed(transaction: Transaction) -> bool:
    """Whether any deletion is owed at all: nearly always not, and then nothing else is asked."""
    return transaction.row(_ANY_DELETION) is not None


def settle_deletions(
    transaction: Transaction, log: EventLog, ref: ObjectRef, object_id: int, offers: Sequence[str]
) -> None:
    """Drop deletions owed under a reference on offers that now hold a later object there.

    Args:
        transaction: a writing transaction.
        log: its events.
        ref: the reference.
        object_id: the later object.
        offers: offers that hold a verified copy of it.
    """
    values = (ref.tenant, ref.container, ref.identifier)
    for earlier, offer in transaction.rows(_DELETIONS_UNDER_REF, values):
        if offer in offers:
            transaction.run(DROP_DEBT, (earlier, offer, _DELETION_DEBT))
            transaction.run(
                SET_COPY,
                (CopyState.REPLACED.value, 0, log.at, f"by object {object_id}", earlier, offer),
            )
            body = {"by": object_id, "kind": _DELETION_DEBT, "offer": offer}
            log.append(EventKind.DEBT_PAID, canonical_json(body), ref=str(ref), object_id=earlier)
