"""Recording what becomes of objects after their deposit: copies, debts, deletions.

Each function works inside a writing transaction and appends the event that says what it did.
"""

from __future__ import annotations

from coffre.contract import Evidence, ObjectNotFoundError, ObjectRef
from coffre.engine.ledger.chain import canonical_json, storable
from coffre.engine.ledger.database import Row, Transaction
from coffre.engine.ledger.eventlog import EventLog
from coffre.engine.ledger.merging import CopyMerge, are_deletions_owed, settle_deletions
from coffre.engine.ledger.records import (
    CopyState,
    DebtKind,
    DeletionOrder,
    EventKind,
    ObjectState,
)
from coffre.engine.ledger.schema import debts
from coffre.engine.ledger.statements import (
    DROP_DEBT,
    SET_OBJECT_STATE,
    copies_of,
    debts_of,
    objects_of_ids,
    stored_by_identifier,
)

_GONE_COPIES = tuple(
    state.value for state in (CopyState.DELETED, CopyState.REPLACED, CopyState.RETIRED)
)


def record_copy(
    transaction: Transaction,
    log: EventLog,
    *,
    object_id: int,
    offer: str,
    state: CopyState,
    evidence: Evidence,
    kind: EventKind,
    code: str,
    detail: str,
) -> int:
    """Record what one offer now holds of one stored object; the number of the event.

    Raises:
        ObjectNotFoundError: the object is not stored any more, so it has no copies to speak of.
    """
    ref = _ref_of_stored(transaction, object_id)
    merge = CopyMerge(transaction, object_id, log.at)
    if state is CopyState.VERIFIED:
        merge.add_copies([(offer, evidence)], detail)
        if are_deletions_owed(transaction):
            settle_deletions(transaction, log, ref, object_id, [offer])
    else:
        merge.lose_copy(offer, state, evidence, detail)
        merge.add_debts([(offer, code or f"copy-{state}", detail)])
    body = {
        "detail": detail,
        "evidence": evidence.name,
        "offer": offer,
        "paid": merge.paid,
        "state": state.value,
    }
    return log.append(kind, canonical_json(body), ref=str(ref), object_id=object_id)


def add_debt(
    transaction: Transaction,
    log: EventLog,
    *,
    object_id: int,
    offer: str,
    kind: DebtKind,
    code: str,
    note: str,
) -> bool:
    """Record a debt; ``False`` when it stood already (it keeps its date)."""
    if _owes(transaction, object_id, offer, kind):
        return False
    row = (object_id, offer, kind.value, code, log.at, storable(note))
    transaction.insert(debts, [row])
    body = {"code": code, "kind": kind.value, "note": note, "offer": offer}
    _append(transaction, log, EventKind.DEBT_ADDED, object_id, body)
    return True


def pay_debt(
    transaction: Transaction,
    log: EventLog,
    *,
    object_id: int,
    offer: str,
    kind: DebtKind,
    note: str,
) -> bool:
    """Strike a debt out; ``False`` when there was none."""
    if not transaction.run(DROP_DEBT, (object_id, offer, kind.value)):
        return False
    body = {"kind": kind.value, "note": note, "offer": offer}
    _append(transaction, log, EventKind.DEBT_PAID, object_id, body)
    return True


def order_deletion(
    transaction: Transaction, log: EventLog, ref: ObjectRef, order: DeletionOrder
) -> int:
    """Make a tombstone of a stored object, with a deletion owed by each offer; its id.

    Written before anything is deleted: whatever happens next, the order and what is left to
    do are known (laws 3 and 7).

    Raises:
        ObjectNotFoundError: no object is stored under the reference.
    """
    query = stored_by_identifier(1, brief=True)
    row = transaction.row(query, (ref.tenant, ref.container, ref.identifier))
    if row is None:
        raise ObjectNotFoundError(f"{ref} is not in the ledger", ref=ref)
    object_id: int = row[1]
    owed = transaction.rows(debts_of(1), (object_id,))
    transaction.run_each(DROP_DEBT, [debt[:3] for debt in owed])
    copies = transaction.rows(copies_of(1), (object_id,))
    # Wherever bytes may be: a missing copy can come back, and an offer that owes a copy may
    # have stored one without our knowing.
    holders = {copy[1] for copy in copies if copy[2] not in _GONE_COPIES}
    offers = sorted(holders.union(debt[1] for debt in owed))
    for offer in offers:
        debt = (
            object_id,
            offer,
            DebtKind.DELETION.value,
            "deletion-ordered",
            log.at,
            storable(order.id),
        )
        transaction.insert(debts, [debt])
    transaction.run(SET_OBJECT_STATE, (ObjectState.DELETED.value, object_id))
    body = {"author": order.author, "offers": offers, "order": order.id, "reason": order.reason}
    log.append(EventKind.DELETION_ORDERED, canonical_json(body), ref=str(ref), object_id=object_id)
    return object_id


def record_copy_deleted(
    transaction: Transaction, log: EventLog, *, object_id: int, offer: str, detail: str
) -> bool:
    """Record that an ordered deletion was done on one offer; whether it was the last one."""
    if transaction.run(DROP_DEBT, (object_id, offer, DebtKind.DELETION.value)):
        merge = CopyMerge(transaction, object_id, log.at)
        merge.lose_copy(offer, CopyState.DELETED, Evidence.PRESENT, detail)
        body = {"detail": detail, "offer": offer}
        _append(transaction, log, EventKind.COPY_DELETED, object_id, body)
        if not transaction.rows(debts_of(1), (object_id,)):
            _append(transaction, log, EventKind.DELETION_COMPLETED, object_id, {})
            return True
    return not transaction.rows(debts_of(1), (object_id,))


def _owes(transaction: Transaction, object_id: int, offer: str, kind: DebtKind) -> bool:
    rows = transaction.rows(debts_of(1), (object_id,))
    return any(row[1:3] == (offer, kind.value) for row in rows)


def _append(
    transaction: Transaction, log: EventLog, kind: EventKind, object_id: int, body: object
) -> None:
    """Append an event about an object whose reference has to be looked up."""
    row = _object_row(transaction, object_id)
    ref = f"{row[1]}/{row[2]}/{row[3]}"
    log.append(kind, canonical_json(body), ref=ref, object_id=object_id)


def _ref_of_stored(transaction: Transaction, object_id: int) -> ObjectRef:
    row = _object_row(transaction, object_id)
    ref = ObjectRef(tenant=row[1], container=row[2], identifier=row[3])
    if row[10] != ObjectState.STORED:
        raise ObjectNotFoundError(f"{ref} was {row[10]} meanwhile", ref=ref)
    return ref


def _object_row(transaction: Transaction, object_id: int) -> Row:
    row = transaction.row(objects_of_ids(1), (object_id,))
    if row is None:
        raise ObjectNotFoundError(f"the ledger has no object {object_id}")
    return row
