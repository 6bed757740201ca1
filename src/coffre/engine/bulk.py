"""Bulk deposits: many small objects, made durable and recorded together, acknowledged together.

One flush of each offer and one transaction of the ledger serve a whole batch. One bad object
never stops the job (law 12): it is a refusal among receipts. Running the same job again is
how it is resumed: what is stored already is read, compared and told, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from coffre.contract import (
    CoffreError,
    Digest,
    ObjectRef,
    PutRequest,
    PutResult,
    SizeMismatchError,
)
from coffre.engine.context import Context
from coffre.engine.depositing import deposit, deposit_of, put, receipt_of, tell_refused, too_few
from coffre.engine.distribution import SMALL, Parcel, check_announced, failed, stored
from coffre.engine.interrupts import InterruptLater
from coffre.engine.items import PutItem
from coffre.engine.ledger import ObjectRecord
from coffre.engine.outcomes import CopyOutcome, Receipt, Refusal
from coffre.engine.sourcing import sourced
from coffre.engine.strategy import Strategy
from coffre.offer import Offer
from coffre.streams import BytesContent

BATCH_OBJECTS = 256
"""Objects acknowledged together; also how many a crash can leave unacknowledged."""
BATCH_BYTES = 32 * 1024 * 1024
"""Most bytes of a batch held in memory."""

Loaded = tuple[PutItem, BytesContent]
Answer = Receipt | Refusal


def put_many(
    context: Context, items: Iterable[PutItem | Refusal], strategy_name: str
) -> Iterator[Answer]:
    """Store many objects as one job; an answer for each, in an order of its own.

    A refusal among ``items`` (a file that could not be read, say) passes through.

    Raises:
        StrategyError: no such strategy.
        LedgerError: a batch could not be recorded; what was answered before stands.
        KeyboardInterrupt: after the batch in hand was recorded, and its answers given.
    """
    strategy = context.strategy(strategy_name)
    batch: list[Loaded] = []
    taken: set[ObjectRef] = set()
    held = 0
    for item in items:
        loaded = item if isinstance(item, Refusal) else _load(context, item, strategy_name)
        if isinstance(loaded, Receipt | Refusal):
            yield loaded
            continue
        if item.ref in taken or len(batch) >= BATCH_OBJECTS or held >= BATCH_BYTES:
            yield from _settle(context, batch, strategy)
            batch, taken, held = [], set(), 0
        batch.append(loaded)
        taken.add(loaded[0].ref)
        held += loaded[1].size
    if batch:
        yield from _settle(context, batch, strategy)


def _load(context: Context, item: PutItem, strategy_name: str) -> Loaded | Answer:
    """Read a small object whole; store a large one by itself."""
    try:
        with sourced(item.source, context.limits) as content:
            if not isinstance(content, BytesContent) or content.size > SMALL:
                return put(context, item, strategy_name)
            if item.size is not None and content.size != item.size:
                raise SizeMismatchError(
                    f"the source has {content.size} bytes, {item.size} were announced",
                    ref=item.ref,
                )
            check_announced(content, item.digest, item.ref)
            return item, content
    except CoffreError as error:
        return Refusal(ref=item.ref, error=error, name=item.name)


def _settle(context: Context, batch: Sequence[Loaded], strategy: Strategy) -> Iterator[Answer]:
    """Store one batch, and give its answers once the ledger has them all."""
    with InterruptLater() as interrupt:
        answers = _store(context, batch, strategy)
    yield from answers
    interrupt.raise_if_any()


def _store(context: Context, batch: Sequence[Loaded], strategy: Strategy) -> list[Answer]:
    refs = [item.ref for item, _ in batch]
    try:
        claim = context.ledger.claim(refs)
    except CoffreError:
        # Somebody else is storing one of them: each answers for itself.
        return [_alone(context, item, content, strategy) for item, content in batch]
    with claim:
        known = context.ledger.find_many(refs)
        fresh = [loaded for loaded in batch if loaded[0].ref not in known]
        answers = _store_fresh(context, fresh, strategy) if fresh else []
        for item, content in batch:
            if item.ref in known:
                answers.append(_compare(context, item, content, strategy, known[item.ref]))
    return answers


def _alone(context: Context, item: PutItem, content: BytesContent, strategy: Strategy) -> Answer:
    return _answer(item, lambda: put(context, replace(item, source=content), strategy.name))


def _compare(
    context: Context,
    item: PutItem,
    content: BytesContent,
    strategy: Strategy,
    known: ObjectRecord,
) -> Answer:
    """Store again what is known already: usually nothing is left to do."""
    return _answer(item, lambda: deposit(context, item, content, strategy, known))


def _answer(item: PutItem, call: Callable[[], Receipt]) -> Answer:
    try:
        return call()
    except CoffreError as error:
        return Refusal(ref=item.ref, error=error, name=item.name)


def _store_fresh(context: Context, batch: Sequence[Loaded], strategy: Strategy) -> list[Answer]:
    offers = [context.offer(name) for name in strategy.offers]
    digests = [content.digest(strategy.algorithm) for _, content in batch]
    requests = [
        (
            Parcel(
                ref=item.ref, content=content, algorithm=strategy.algorithm, metadata=item.metadata
            ),
            content,
            digest,
        )
        for (item, content), digest in zip(batch, digests, strict=True)
    ]

    def to_offer(offer: Offer) -> Sequence[PutResult | CoffreError]:
        asked: list[PutRequest] = [
            parcel.request(offer, content, digest) for parcel, content, digest in requests
        ]
        return offer.put_many(asked, verify=strategy.verify)

    by_offer = _at_each(offers, to_offer)
    outcomes = [
        tuple(
            outcome_of(offer, results[number])
            for offer, results in zip(offers, by_offer, strict=True)
        )
        for number in range(len(batch))
    ]
    return _record(context, batch, digests, outcomes, strategy)


def _at_each(
    offers: Sequence[Offer], call: Callable[[Offer], Sequence[PutResult | CoffreError]]
) -> list[Sequence[PutResult | CoffreError]]:
    """Have every offer store the batch, at the same time when there are several."""
    if len(offers) == 1:
        return [call(offers[0])]
    with ThreadPoolExecutor(len(offers), thread_name_prefix="coffre-put") as pool:
        return list(pool.map(call, offers))


def outcome_of(offer: Offer, result: PutResult | CoffreError) -> CopyOutcome:
    """One copy of a bulk put as an outcome."""
    if isinstance(result, CoffreError):
        return failed(offer, result)
    return stored(offer, result)


def _record(
    context: Context,
    batch: Sequence[Loaded],
    digests: Sequence[Digest],
    outcomes: Sequence[tuple[CopyOutcome, ...]],
    strategy: Strategy,
) -> list[Answer]:
    """One transaction for all that reached enough offers; a refusal for each of the others."""
    good: list[int] = []
    answers: list[Answer] = []
    for number, copies in enumerate(outcomes):
        if sum(copy.verified for copy in copies) >= strategy.required:
            good.append(number)
            continue
        item, content = batch[number]
        tell_refused(context, item.ref, content.size, digests[number], copies)
        error = too_few(item.ref, strategy.required, copies)
        answers.append(Refusal(ref=item.ref, error=error, name=item.name))
    recorded = context.ledger.record_deposits(
        [deposit_of(batch[n][0], strategy, digests[n], outcomes[n], batch[n][1].size) for n in good]
    )
    answers.extend(
        receipt_of(batch[n][0], strategy, digests[n], outcomes[n], batch[n][1].size, entry.event)
        for n, entry in zip(good, recorded, strict=True)
    )
    return answers
