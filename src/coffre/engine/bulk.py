"""Bulk deposits: many small objects, made durable and recorded together, acknowledged together.

One flush of each offer and one transaction of the ledger serve a whole batch. One bad object
never stops the job (law 12): it is a refusal among receipts. A ledger that cannot be written
does stop it (law 7). Running the same job again is how it is resumed: what is stored already
is read, compared and told, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from coffre.contract import (
    NO_METADATA,
    Capability,
    CoffreError,
    Digest,
    ObjectConflictError,
    ObjectRef,
    PutRequest,
    PutResult,
)
from coffre.engine.context import Context
from coffre.engine.depositing import check_source, deposit, put_content
from coffre.engine.distribution import SMALL, SizedContent, failed, stored
from coffre.engine.interrupts import InterruptLater
from coffre.engine.items import PutItem
from coffre.engine.ledger import (
    ClaimedError,
    Deposit,
    LedgerError,
    ObjectRecord,
    Recorded,
)
from coffre.engine.outcomes import CopyOutcome, Receipt, Refusal
from coffre.engine.receipts import deposit_of, receipt_of, tell_refused, too_few
from coffre.engine.sourcing import at_once, sourced
from coffre.engine.strategy import Strategy
from coffre.offer import Offer
from coffre.streams import BytesContent

BATCH_OBJECTS = 256
"""Objects acknowledged together; also how many a crash can leave unacknowledged."""
BATCH_BYTES = 32 * 1024 * 1024
"""Most bytes of a batch held in memory."""

Loaded = tuple[PutItem, BytesContent]
Answer = Receipt | Refusal
A = TypeVar("A")


def put_many(
    context: Context, items: Iterable[PutItem | Refusal], strategy_name: str
) -> Iterator[Answer]:
    """Store many objects as one job; an answer for each, in an order of its own.

    A refusal among ``items`` (a file that could not be read, say) passes through.

    Raises:
        StrategyError: no such strategy, or one that names an offer which is not configured.
        LedgerError: a batch could not be recorded; what was answered before stands.
        KeyboardInterrupt: after the batch in hand was recorded, and its answers given.
    """
    strategy = context.strategy(strategy_name)
    for name in strategy.offers:
        context.offer(name)
    return _Job(context, strategy).run(items)


class _Job:
    """One bulk job under way."""

    def __init__(self, context: Context, strategy: Strategy) -> None:
        self._context = context
        self._strategy = strategy
        self._interrupt = InterruptLater()
        self._batch: list[Loaded] = []
        self._taken: set[ObjectRef] = set()
        self._held = 0

    def run(self, items: Iterable[PutItem | Refusal]) -> Iterator[Answer]:
        for item in items:
            if isinstance(item, Refusal):
                yield item
                continue
            # Of two that go to one reference, the first given is the first stored.
            if item.ref in self._taken or self._is_full():
                yield from self._settle()
            loaded = self._load(item)
            if isinstance(loaded, tuple):
                self._add(loaded)
            else:
                yield loaded
                self._interrupt.raise_if_any()
        yield from self._settle()

    def _is_full(self) -> bool:
        return len(self._batch) >= BATCH_OBJECTS or self._held >= BATCH_BYTES

    def _add(self, loaded: Loaded) -> None:
        item, content = loaded
        self._batch.append(loaded)
        self._taken.add(item.ref)
        self._held += content.size

    def _load(self, item: PutItem) -> Loaded | Answer:
        """Read a small object whole; store a large one by itself."""

        def load() -> Loaded | Receipt:
            content = at_once(item.source)
            if content is not None:
                return self._take(item, content)
            with sourced(item.source, self._context.limits) as content:
                return self._take(item, content)

        return _answered(item, load)

    def _take(self, item: PutItem, content: SizedContent) -> Loaded | Receipt:
        if not isinstance(content, BytesContent) or content.size > SMALL:
            return self._alone(item, content)
        check_source(item, content)
        return item, content

    def _alone(self, item: PutItem, content: SizedContent) -> Receipt:
        with self._interrupt:
            return put_content(self._context, item, content, self._strategy)

    def _settle(self) -> Iterator[Answer]:
        """Store the batch in hand, and give its answers once the ledger has them all."""
        batch, self._batch, self._taken, self._held = self._batch, [], set(), 0
        if not batch:
            return
        with self._interrupt:
            answers = self._store(batch)
        yield from answers
        self._interrupt.raise_if_any()

    def _store(self, batch: Sequence[Loaded]) -> list[Answer]:
        context, strategy = self._context, self._strategy
        refs = [item.ref for item, _ in batch]
        try:
            claim = context.ledger.claim(refs)
        except ClaimedError:
            # Somebody else is storing one of them: each answers for itself.
            return [_answered(item, partial(self._alone, item, content)) for item, content in batch]
        with claim:
            known = context.ledger.find_many(refs)
            answers = [
                self._compare(item, content, known[item.ref])
                for item, content in batch
                if item.ref in known
            ]
            fresh = [loaded for loaded in batch if loaded[0].ref not in known]
            return answers + (_store_fresh(context, fresh, strategy) if fresh else [])

    def _compare(self, item: PutItem, content: BytesContent, known: ObjectRecord) -> Answer:
        """Store again what is known already: usually nothing is left to do."""
        return _answered(item, lambda: deposit(self._context, item, content, self._strategy, known))


def _answered(item: PutItem, call: Callable[[], A]) -> A | Refusal:
    try:
        return call()
    except LedgerError:
        raise
    except CoffreError as error:
        return Refusal(ref=item.ref, error=error, name=item.name)


def _store_fresh(context: Context, batch: Sequence[Loaded], strategy: Strategy) -> list[Answer]:
    offers = [context.offer(name) for name in strategy.offers]
    digests = [content.digest(strategy.algorithm) for _, content in batch]
    asked = _requests(batch, digests, strategy, offers)

    def to_offer(offer: Offer) -> Sequence[PutResult | CoffreError]:
        return offer.put_many(asked[_keeps(offer)], verify=strategy.verify)

    by_offer = _at_each(offers, to_offer)
    outcomes = [
        tuple(
            outcome_of(offer, results[number])
            for offer, results in zip(offers, by_offer, strict=True)
        )
        for number in range(len(batch))
    ]
    return _record(context, batch, digests, outcomes, strategy)


def _keeps(offer: Offer) -> bool:
    return Capability.METADATA in offer.capabilities


def _requests(
    batch: Sequence[Loaded], digests: Sequence[Digest], strategy: Strategy, offers: Sequence[Offer]
) -> dict[bool, list[PutRequest]]:
    """What offers are asked: the same of all that keep metadata, and of all that do not."""
    return {
        keeps: [
            PutRequest(
                ref=item.ref,
                content=content,
                size=content.size,
                algorithm=strategy.algorithm,
                expected=digest,
                metadata=item.metadata if keeps else NO_METADATA,
            )
            for (item, content), digest in zip(batch, digests, strict=True)
        ]
        for keeps in {_keeps(offer) for offer in offers}
    }


def _at_each(
    offers: Sequence[Offer], call: Callable[[Offer], Sequence[PutResult | CoffreError]]
) -> list[Sequence[PutResult | CoffreError]]:
    """Have every offer store the batch, at the same time when there are several."""
    if len(offers) == 1:
        return [call(offers[0])]
    copies = [copy_context() for _ in offers]  # a context is entered by one thread at a time
    with ThreadPoolExecutor(len(offers), thread_name_prefix="coffre-put") as pool:
        # Each waits for its own offer alone, holding nothing that another needs: no reservation.
        return list(pool.map(lambda offer: copies.pop().run(call, offer), offers))


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
    deposits = [
        deposit_of(batch[n][0], strategy, digests[n], outcomes[n], batch[n][1].size) for n in good
    ]

    def receipt(number: int, entry: Recorded) -> Receipt:
        item, content = batch[number]
        return receipt_of(
            item, strategy, digests[number], outcomes[number], content.size, entry.event
        )

    def record_alone(number: int, one: Deposit) -> Receipt:
        return receipt(number, context.ledger.record_deposits([one])[0])

    try:
        recorded = context.ledger.record_deposits(deposits)
    except ObjectConflictError:
        # The claim was lost, and somebody else has stored other bytes under one of them.
        alone = (
            _answered(batch[n][0], partial(record_alone, n, one))
            for n, one in zip(good, deposits, strict=True)
        )
        return [*answers, *alone]
    return [*answers, *(receipt(n, entry) for n, entry in zip(good, recorded, strict=True))]
