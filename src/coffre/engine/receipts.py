"""Receipts: what is told of a deposit, to the offers, to the ledger and to the caller."""

from __future__ import annotations

from collections.abc import Sequence

from coffre.contract import (
    CoffreError,
    Digest,
    DigestAlgorithm,
    Evidence,
    ObjectConflictError,
    ObjectRef,
)
from coffre.engine.context import Context
from coffre.engine.distribution import Parcel, SizedContent
from coffre.engine.errors import NotEnoughCopiesError
from coffre.engine.items import PutItem
from coffre.engine.ledger import Deposit, EventKind
from coffre.engine.outcomes import CopyOutcome, Receipt
from coffre.engine.strategy import Strategy


def parcel_of(
    item: PutItem,
    content: SizedContent,
    algorithm: DigestAlgorithm,
    verify: Evidence,
    announced: Digest | None = None,
    *,
    replace: bool = False,
) -> Parcel:
    """The object as it goes to its offers."""
    return Parcel(
        ref=item.ref,
        content=content,
        algorithm=algorithm,
        announced=announced or item.digest,
        metadata=item.metadata,
        replace=replace,
        verify=verify,
    )


def deposit_of(
    item: PutItem,
    strategy: Strategy,
    digest: Digest,
    copies: Sequence[CopyOutcome],
    size: int,
) -> Deposit:
    """What the ledger records: verified copies, and debts for the others."""
    return Deposit(
        ref=item.ref,
        size=size,
        digest=digest,
        metadata=item.metadata,
        strategy=strategy.name,
        copies=[(copy.offer, copy.evidence) for copy in copies if copy.evidence is not None],
        debts=[(copy.offer, copy.code, copy.message) for copy in copies if copy.evidence is None],
    )


def receipt_of(
    item: PutItem,
    strategy: Strategy,
    digest: Digest,
    copies: tuple[CopyOutcome, ...],
    size: int,
    event: int,
    *,
    already_stored: bool = False,
) -> Receipt:
    """What the caller gets, once the ledger has it."""
    return Receipt(
        ref=item.ref,
        size=size,
        digest=digest,
        strategy=strategy.name,
        copies=copies,
        already_stored=already_stored,
        event=event,
        name=item.name,
    )


def tell_refused(
    context: Context,
    ref: ObjectRef,
    size: int,
    digest: Digest,
    copies: Sequence[CopyOutcome],
) -> None:
    """Record a deposit that did not succeed: copies it left behind are then explained."""
    context.ledger.record_event(
        EventKind.DEPOSIT_REFUSED,
        {
            "copies": {copy.offer: copy.code or "stored" for copy in copies},
            "digest": str(digest),
            "size": size,
        },
        ref=ref,
    )


def too_few(ref: ObjectRef, required: int, copies: Sequence[CopyOutcome]) -> CoffreError:
    """The error for too few verified copies: a conflict when offers hold other bytes."""
    failures = [copy for copy in copies if not copy.verified]
    if all(copy.code == ObjectConflictError.code for copy in failures):
        return ObjectConflictError(
            f"{ref} holds other bytes on {', '.join(copy.offer for copy in failures)}, which the "
            "ledger does not know: rebuild the ledger from that offer, or use another identifier",
            ref=ref,
        )
    return NotEnoughCopiesError(ref, required, copies)
