"""Depositing one object: conflict or repetition, distribution, the ledger, then the receipt.

The order is the promise. The reference is claimed, so that no other process stores other bytes
under it meanwhile; the copies are made; the ledger records them durably; only then is there
a receipt (law 7). Good copies are never undone when there are too few of them (law 4).
"""

from __future__ import annotations

from collections.abc import Sequence

from coffre.contract import (
    CoffreError,
    Digest,
    DigestAlgorithm,
    Evidence,
    ObjectConflictError,
    ObjectRef,
    SizeMismatchError,
)
from coffre.engine.context import Context
from coffre.engine.distribution import (
    Parcel,
    SizedContent,
    check_announced,
    distribute,
)
from coffre.engine.errors import NotEnoughCopiesError
from coffre.engine.items import PutItem
from coffre.engine.ledger import (
    Claim,
    CopyState,
    Deposit,
    EventKind,
    ObjectRecord,
)
from coffre.engine.outcomes import CopyOutcome, Receipt
from coffre.engine.sourcing import sourced
from coffre.engine.strategy import Strategy
from coffre.offer import Offer
from coffre.streams import BytesContent, copy_digesting


def put(context: Context, item: PutItem, strategy_name: str) -> Receipt:
    """Store one object and return its receipt.

    Raises:
        StrategyError: no such strategy.
        SourceError, SizeMismatchError, DigestMismatchError: the source is not what was announced;
            no trace of the object anywhere.
        ObjectConflictError: the reference holds other bytes, and its container is write-once.
        ClaimedError: another process is storing this reference now.
        NotEnoughCopiesError: fewer verified copies than required; those made are left.
        LedgerError: it could not be recorded, so it does not count as stored.
    """
    strategy = context.strategy(strategy_name)
    with sourced(item.source, context.limits) as content:
        if item.size is not None and content.size != item.size:
            raise SizeMismatchError(
                f"the source has {content.size} bytes, {item.size} were announced", ref=item.ref
            )
        with context.ledger.claim([item.ref]) as claim:
            return deposit(context, item, content, strategy, context.ledger.find(item.ref), claim)


def deposit(
    context: Context,
    item: PutItem,
    content: SizedContent,
    strategy: Strategy,
    known: ObjectRecord | None,
    claim: Claim | None = None,
) -> Receipt:
    """Store one object whose reference is claimed, and of which the ledger knows ``known``.

    A claim given is released by the very transaction that records the object.
    """
    if known is None:
        return _first_time(context, item, content, strategy, claim)
    found = _digest(content, known.digest.algorithm)
    if found.matches(known.digest):
        if isinstance(content, BytesContent):
            check_announced(content, item.digest, item.ref)
        return _again(context, item, content, known)
    if not context.rights_of(item.ref).overwrite:
        raise ObjectConflictError(
            f"{item.ref} holds other bytes ({known.digest}), and {item.ref.container!r} is "
            "write-once: store these under another identifier",
            ref=item.ref,
        )
    return _over(context, item, content, strategy, known)


def _first_time(
    context: Context,
    item: PutItem,
    content: SizedContent,
    strategy: Strategy,
    claim: Claim | None,
) -> Receipt:
    parcel = _parcel(item, content, strategy.algorithm, strategy.verify)
    digest, copies = distribute(parcel, [context.offer(name) for name in strategy.offers])
    if sum(copy.verified for copy in copies) < strategy.required:
        tell_refused(context, item.ref, content.size, digest, copies)
        raise too_few(item.ref, strategy.required, copies)
    new = deposit_of(item, strategy, digest, copies, content.size)
    (recorded,) = context.ledger.record_deposits([new], claim=claim)
    return receipt_of(item, strategy, digest, copies, content.size, recorded.event)


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


def _again(context: Context, item: PutItem, content: SizedContent, known: ObjectRecord) -> Receipt:
    """The same bytes once more: only copies that are owed are made."""
    strategy = context.strategy(known.strategy)
    held = {c.offer: c for c in known.copies if c.state is CopyState.VERIFIED}
    lacking = [context.offer(name) for name in strategy.offers if name not in held]
    made = _make(item, content, known, lacking) if lacking else {}
    copies = tuple(
        made[name]
        if name in made
        else CopyOutcome(offer=name, evidence=held[name].evidence, already_there=True)
        for name in strategy.offers
    )
    event = known.id
    if any(copy.verified for copy in made.values()):
        again = deposit_of(item, strategy, known.digest, tuple(made.values()), known.size)
        event = context.ledger.record_deposits([again])[0].event
    if sum(copy.verified for copy in copies) < strategy.required:
        raise NotEnoughCopiesError(item.ref, strategy.required, copies)
    return receipt_of(item, strategy, known.digest, copies, known.size, event, already_stored=True)


def _make(
    item: PutItem, content: SizedContent, known: ObjectRecord, offers: Sequence[Offer]
) -> dict[str, CopyOutcome]:
    parcel = _parcel(item, content, known.digest.algorithm, Evidence.PRESENT, known.digest)
    _, copies = distribute(parcel, offers)
    return {copy.offer: copy for copy in copies}


def _over(
    context: Context,
    item: PutItem,
    content: SizedContent,
    strategy: Strategy,
    known: ObjectRecord,
) -> Receipt:
    """Other bytes in a container that allows it: each offer swaps old for new in one step."""
    offers = [context.offer(name) for name in strategy.offers]
    parcel = _parcel(item, content, strategy.algorithm, strategy.verify, replace=True)
    digest, copies = distribute(parcel, offers)
    if sum(copy.verified for copy in copies) < strategy.required:
        _tell_half_replaced(context, known, copies)
        raise NotEnoughCopiesError(item.ref, strategy.required, copies)
    new = deposit_of(item, strategy, digest, copies, content.size)
    (recorded,) = context.ledger.record_deposits([new], replacing=True)
    return receipt_of(item, strategy, digest, copies, content.size, recorded.event)


def _tell_half_replaced(
    context: Context, known: ObjectRecord, copies: Sequence[CopyOutcome]
) -> None:
    """An overwrite that did not reach enough offers: those it did reach no longer hold the old."""
    for copy in copies:
        if copy.verified:
            context.ledger.record_copy(
                known.id,
                copy.offer,
                state=CopyState.CORRUPT,
                evidence=copy.evidence or Evidence.PRESENT,
                kind=EventKind.COPY_CORRUPT,
                code="half-replaced",
                detail="holds the bytes of an overwrite that did not reach enough offers",
            )


def _parcel(
    item: PutItem,
    content: SizedContent,
    algorithm: DigestAlgorithm,
    verify: Evidence,
    announced: Digest | None = None,
    *,
    replace: bool = False,
) -> Parcel:
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


def _digest(content: SizedContent, algorithm: DigestAlgorithm) -> Digest:
    """Digest of a content, by reading it once."""
    with content.open() as stream:
        return copy_digesting(stream, len, algorithm).digest
