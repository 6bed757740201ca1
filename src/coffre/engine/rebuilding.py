"""Rebuilding the ledger from any one offer (law 10).

What is recovered is what was written beside each object at its deposit: the expected digest, the
size, the original name. Nobody has read the bytes for that, so the copies are *declared*, and
an audit has yet to look at them. An expected digest that is missing is never made up from the
bytes found: such an object is counted, and left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from coffre.contract import CoffreError, Evidence, ListRequest, ObjectRef, StatRequest, StatResult
from coffre.engine.context import Context
from coffre.engine.ledger import Deposit, DepositOutcome
from coffre.engine.listing import places
from coffre.engine.outcomes import RebuildSummary
from coffre.offer import Offer

PAGE = 256
"""Objects recorded together."""


def rebuild(context: Context, name: str, strategy: str) -> RebuildSummary:
    """Record in the ledger every object that an offer holds with its expected digest.

    Running it again recovers nothing twice; what the ledger has is never changed.

    Raises:
        OfferError: the offer could not be read to the end; what was recorded stays.
        LedgerError: it could not be recorded.
    """
    context.strategy(strategy)
    summary = RebuildSummary(offer=name)
    deposits = _found(context, context.offer(name), summary, strategy)
    while page := list(islice(deposits, PAGE)):
        for recorded in context.ledger.record_recovered(page):
            if recorded.outcome is DepositOutcome.STORED:
                summary.recovered += 1
            elif recorded.outcome is DepositOutcome.CONFLICT:
                summary.conflicts += 1
            else:
                summary.known += 1
    summary.complete = True
    return summary


def _found(
    context: Context, offer: Offer, summary: RebuildSummary, strategy: str
) -> Iterator[Deposit]:
    for tenant, container in places(context, offer):
        with offer.list(ListRequest(tenant=tenant, container=container)) as listing:
            for entry in listing:
                ref = ObjectRef(tenant=tenant, container=container, identifier=entry.identifier)
                deposit = _deposit(offer, ref, strategy)
                if deposit is None:
                    summary.without_record += 1
                else:
                    yield deposit


def _deposit(offer: Offer, ref: ObjectRef, strategy: str) -> Deposit | None:
    try:
        found: StatResult = offer.stat(StatRequest(ref=ref))
    except CoffreError:
        return None
    if found.recorded is None:
        return None
    return Deposit(
        ref=ref,
        size=found.size,
        digest=found.recorded,
        metadata=found.metadata,
        strategy=strategy,
        copies=[(offer.id, Evidence.DECLARED)],
        deposited_at=found.stored_at,
    )
