"""Deleting by order: nothing is deleted because something else is missing (law 3).

The order is recorded before anything is deleted; an offer that cannot be reached owes the
deletion, which ``repair`` does later. The tombstone stays for ever.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from coffre.contract import CoffreError, DeleteRequest, ForbiddenError, ObjectRef
from coffre.engine import ledger
from coffre.engine.context import Context
from coffre.engine.errors import InvalidOrderError
from coffre.engine.ledger import ObjectRecord
from coffre.engine.outcomes import Deletion


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionOrder:
    """Who wants which object deleted, and why."""

    ref: ObjectRef
    author: str
    reason: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Names the order in the ledger, for ever."""

    def __post_init__(self) -> None:
        """Refuse an order that nobody signs or explains.

        Raises:
            InvalidOrderError: no author, or no reason.
        """
        if not self.author.strip() or not self.reason.strip():
            raise InvalidOrderError(
                "a deletion needs an author and a reason: say who decided it, and why",
                ref=self.ref,
            )


def delete(context: Context, order: DeletionOrder) -> Deletion:
    """Delete every copy of one object, by order.

    Raises:
        ObjectNotFoundError: it is not stored.
        ForbiddenError: its container does not allow deletion.
        ClaimedError: another process is storing this reference now.
        LedgerError: the order could not be recorded; nothing was deleted.
    """
    if not context.rights_of(order.ref).delete:
        raise ForbiddenError(f"objects of {order.ref.container!r} are never deleted", ref=order.ref)
    with context.ledger.claim([order.ref]):
        tombstone = context.ledger.order_deletion(
            order.ref, ledger.DeletionOrder(id=order.id, author=order.author, reason=order.reason)
        )
        deleted: list[str] = []
        owed: dict[str, str] = {}
        for debt in tombstone.debts:
            code = delete_copy(context, tombstone, debt.offer)
            if code:
                owed[debt.offer] = code
            else:
                deleted.append(debt.offer)
    return Deletion(ref=order.ref, order=order.id, deleted=tuple(deleted), owed=owed)


def delete_copy(context: Context, tombstone: ObjectRecord, name: str) -> str:
    """Do a deletion that was ordered on one offer, and record it; the error code if it failed."""
    offer = context.offers.get(name)
    if offer is None:
        return "offer-unknown"
    try:
        offer.delete(DeleteRequest(ref=tombstone.ref))
    except CoffreError as error:
        return error.code
    context.ledger.record_copy_deleted(tombstone.id, name)
    return ""
