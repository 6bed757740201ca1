"""Rebuilding the ledger from any one offer (law 10).

What is recovered is what was written beside each object at its deposit: the expected digest, the
size, the original name. Nobody has read the bytes for that, so the copies are *declared*, and
an audit has yet to look at them. An expected digest that is missing is never made up from the
bytes found: such an object is counted, and left alone. What was deleted by order stays deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from coffre.contract import (
    Evidence,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    OfferUnavailableError,
    StatRequest,
    StatResult,
)
from coffre.engine.context import Context
from coffre.engine.ledger import Deposit, DepositOutcome
from coffre.engine.listing import listed_aside, places, reference
from coffre.engine.outcomes import RebuildSummary
from coffre.engine.strategy import Strategy
from coffre.offer import Offer

PAGE = 256
"""Objects recorded together."""
NOT_SEEN = "not-seen-yet"
"""Code of the debts of the other offers: nobody has asked them. A repair, or a rebuild from
them, pays it where they hold the object."""


def rebuild(context: Context, name: str, strategy_name: str) -> RebuildSummary:
    """Record in the ledger every object that an offer holds with its expected digest.

    Running it again recovers nothing twice; what the ledger has is never changed.

    Raises:
        StrategyError: no such strategy, or the offer is not configured.
        OfferError: the offer could not be read to the end; what was recorded stays.
        LedgerError: it could not be recorded.
    """
    strategy = context.strategy(strategy_name)
    summary = RebuildSummary(offer=name)
    deposits = _found(context, context.offer(name), summary, strategy)
    while page := list(islice(deposits, PAGE)):
        for recorded in context.ledger.record_recovered(_to_record(context, page, summary)):
            if recorded.outcome is DepositOutcome.STORED:
                summary.recovered += 1
            elif recorded.outcome is DepositOutcome.CONFLICT:
                summary.conflicts += 1
            else:
                summary.known += 1
    summary.complete = True
    return summary


def _to_record(context: Context, page: Sequence[Deposit], summary: RebuildSummary) -> list[Deposit]:
    """What may be recorded of one page.

    Not what the ledger knows to be deleted: an order is not undone by a leftover. And what it
    knows to be stored gains a copy, but owes nothing new.
    """
    stored = context.ledger.find_many(deposit.ref for deposit in page)
    kept = [
        replace(deposit, debts=()) if deposit.ref in stored else deposit
        for deposit in page
        if deposit.ref in stored or context.ledger.last_state(deposit.ref) is None
    ]
    summary.deleted += len(page) - len(kept)
    return kept


def _found(
    context: Context, offer: Offer, summary: RebuildSummary, strategy: Strategy
) -> Iterator[Deposit]:
    for place in places(context, offer):
        with listed_aside(offer, place, context.limits.spool_directory) as names:
            for name in names:
                ref = reference(place, name)
                deposit = None if ref is None else _deposit(offer, ref, strategy, summary)
                if ref is None:
                    summary.unreadable += 1
                if deposit is not None:
                    yield deposit


def _deposit(
    offer: Offer, ref: ObjectRef, strategy: Strategy, summary: RebuildSummary
) -> Deposit | None:
    try:
        found: StatResult = offer.stat(StatRequest(ref=ref))
    except OfferUnavailableError:
        raise  # nothing is known of this one, nor of those that follow (law 2)
    except ObjectNotFoundError:
        return None  # deleted since it was listed
    except OfferError:
        summary.unreadable += 1
        return None
    if found.recorded is None:
        summary.without_record += 1
        return None
    return Deposit(
        ref=ref,
        # As it was deposited: the copy at hand may have been cut since.
        size=found.size if found.recorded_size is None else found.recorded_size,
        digest=found.recorded,
        metadata=found.metadata,
        strategy=strategy.name,
        copies=[(offer.id, Evidence.DECLARED)],
        debts=[
            (name, NOT_SEEN, f"not asked yet; the object was recovered from {offer.id}")
            for name in strategy.offers
            if name != offer.id
        ],
        deposited_at=found.stored_at,
    )
