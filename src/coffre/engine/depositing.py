"""Depositing one object: conflict or repetition, distribution, the ledger, then the receipt.

The order is the promise. The reference is claimed, so that no other process stores other bytes
under it meanwhile; the copies are made; the ledger records them durably; only then is there
a receipt (law 7). Good copies are never undone when there are too few of them (law 4).
"""

from __future__ import annotations

from collections.abc import Sequence

from coffre.contract import (
    Digest,
    DigestAlgorithm,
    Hasher,
    ObjectConflictError,
    PutRequest,
    SizeMismatchError,
)
from coffre.engine.context import Context
from coffre.engine.distribution import (
    SizedContent,
    check_announced,
    distribute,
    hold_against,
)
from coffre.engine.errors import NotEnoughCopiesError
from coffre.engine.interrupts import InterruptLater, interruptible
from coffre.engine.items import PutItem
from coffre.engine.ledger import CopyState, ObjectRecord
from coffre.engine.outcomes import CopyOutcome, Receipt
from coffre.engine.overwriting import overwrite
from coffre.engine.receipts import deposit_of, parcel_of, receipt_of, tell_refused, too_few
from coffre.engine.sourcing import sourced
from coffre.engine.strategy import Strategy
from coffre.offer import Offer
from coffre.streams import BytesContent, chunks_of


def put(context: Context, item: PutItem, strategy_name: str) -> Receipt:
    """Store one object and return its receipt.

    Raises:
        StrategyError: no such strategy.
        SourceError, SizeMismatchError, DigestMismatchError: the source is not what was announced;
            no trace of the object anywhere.
        InvalidRequestError: more metadata than an offer keeps.
        ObjectConflictError: the reference holds other bytes, and its container is write-once.
        ClaimedError: another process is storing this reference now.
        NotEnoughCopiesError: fewer verified copies than required; those made are left.
        LedgerError: it could not be recorded, so it does not count as stored.
        KeyboardInterrupt: nothing was stored; or, if it came when copies were being published,
            the object is stored and recorded.
    """
    strategy = context.strategy(strategy_name)
    with sourced(item.source, context.limits) as content:
        with InterruptLater() as interrupt:
            receipt = put_content(context, item, content, strategy)
        interrupt.raise_if_any()
        return receipt


def put_content(
    context: Context, item: PutItem, content: SizedContent, strategy: Strategy
) -> Receipt:
    """Store one object whose source is open; see :func:`put`."""
    check_source(item, content)
    with context.ledger.claim([item.ref]):
        return deposit(context, item, content, strategy, context.ledger.find(item.ref))


def check_source(item: PutItem, content: SizedContent) -> None:
    """Hold a source against what was announced of it, as far as that can be done unread.

    Raises:
        SizeMismatchError, DigestMismatchError: it is not what was announced.
        InvalidRequestError: more metadata than an offer keeps, or no text.
    """
    if item.size is not None and content.size != item.size:
        raise SizeMismatchError(
            f"the source has {content.size} bytes, {item.size} were announced", ref=item.ref
        )
    if item.metadata:  # the checks of a request, before there is one
        PutRequest(ref=item.ref, content=content, size=content.size, metadata=item.metadata)
    if isinstance(content, BytesContent):
        check_announced(content, item.digest, item.ref)


def deposit(
    context: Context,
    item: PutItem,
    content: SizedContent,
    strategy: Strategy,
    known: ObjectRecord | None,
) -> Receipt:
    """Store one object whose reference is claimed, and of which the ledger knows ``known``."""
    if known is None:
        return _first_time(context, item, content, strategy)
    if content.size == known.size and _has_bytes_of(known, item, content):
        return _again(context, item, content, known)
    if not context.rights_of(item.ref).overwrite:
        raise ObjectConflictError(
            f"{item.ref} holds other bytes ({known.digest}), and {item.ref.container!r} is "
            "write-once: store these under another identifier",
            ref=item.ref,
        )
    return overwrite(context, item, content, strategy, known)


def _first_time(
    context: Context, item: PutItem, content: SizedContent, strategy: Strategy
) -> Receipt:
    parcel = parcel_of(item, content, strategy.algorithm, strategy.verify)
    digest, copies = distribute(parcel, [context.offer(name) for name in strategy.offers])
    if sum(copy.verified for copy in copies) < strategy.required:
        tell_refused(context, item.ref, content.size, digest, copies)
        raise too_few(item.ref, strategy.required, copies)
    new = deposit_of(item, strategy, digest, copies, content.size)
    (recorded,) = context.ledger.record_deposits([new])
    return receipt_of(item, strategy, digest, copies, content.size, recorded.event)


def _again(context: Context, item: PutItem, content: SizedContent, known: ObjectRecord) -> Receipt:
    """The same bytes once more: only copies that are owed, or known by hearsay, are made."""
    strategy = context.strategy(known.strategy)
    held = {
        copy.offer: copy
        for copy in known.copies
        if copy.state is CopyState.VERIFIED and copy.evidence >= strategy.verify
    }
    lacking = [context.offer(name) for name in strategy.offers if name not in held]
    made = _make(item, content, strategy, known, lacking) if lacking else {}
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
    item: PutItem,
    content: SizedContent,
    strategy: Strategy,
    known: ObjectRecord,
    offers: Sequence[Offer],
) -> dict[str, CopyOutcome]:
    parcel = parcel_of(item, content, known.digest.algorithm, strategy.verify, known.digest)
    _, copies = distribute(parcel, offers)
    return {copy.offer: copy for copy in copies}


def _has_bytes_of(known: ObjectRecord, item: PutItem, content: SizedContent) -> bool:
    """Whether a source has the bytes that are stored."""
    if isinstance(content, BytesContent):
        return content.digest(known.digest.algorithm).matches(known.digest)
    # Reading a large one again takes its time, and publishes nothing that would have to be told.
    with interruptible(until=lambda: False):
        return _digest(item, content, known).matches(known.digest)


def _digest(item: PutItem, content: SizedContent, known: ObjectRecord) -> Digest:
    """Digest of a source by the algorithm of what is stored, by reading it once.

    Raises:
        SizeMismatchError, DigestMismatchError: it is not what was announced.
        SourceError: it could not be read.
    """
    algorithm = known.digest.algorithm
    wanted = {algorithm} if item.digest is None else {algorithm, item.digest.algorithm}
    hashers: dict[DigestAlgorithm, Hasher] = {name: name.new() for name in wanted}
    size = 0
    with content.open() as stream:
        for chunk in chunks_of(stream):
            size += len(chunk)
            for hasher in hashers.values():
                hasher.update(chunk)
    if size != content.size:
        raise SizeMismatchError(
            f"the source gave {size} bytes, {content.size} were announced", ref=item.ref
        )
    if item.digest is not None:
        name = item.digest.algorithm
        hold_against(item.digest, Digest(name, hashers[name].digest()), item.ref)
    return Digest(algorithm, hashers[algorithm].digest())
