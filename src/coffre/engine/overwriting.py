"""Overwriting: other bytes under a reference, in a container that allows it.

Each offer swaps old for new in one step. Nothing is begun unless enough offers answer and can
do that, so that the old bytes are not lost to an overwrite that could not succeed (law 5).
"""

from __future__ import annotations

from collections.abc import Sequence

from coffre.contract import (
    Capability,
    Evidence,
    ObjectRef,
    OfferUnavailableError,
    UnsupportedOperationError,
)
from coffre.engine.context import Context
from coffre.engine.distribution import SizedContent, distribute
from coffre.engine.errors import NotEnoughCopiesError
from coffre.engine.items import PutItem
from coffre.engine.ledger import CopyState, EventKind, ObjectRecord
from coffre.engine.looking import look
from coffre.engine.outcomes import CopyOutcome, Receipt
from coffre.engine.receipts import deposit_of, parcel_of, receipt_of, tell_refused
from coffre.engine.strategy import Strategy
from coffre.offer import Offer


def overwrite(
    context: Context,
    item: PutItem,
    content: SizedContent,
    strategy: Strategy,
    known: ObjectRecord,
) -> Receipt:
    """Replace what is stored under a claimed reference, and return the receipt of the new.

    Raises:
        NotEnoughCopiesError: fewer verified copies than required; offers that have the new
            bytes already are told in the ledger as no longer holding the old.
    """
    offers = [context.offer(name) for name in strategy.offers]
    _check_replaceable(item.ref, offers, strategy.required)
    parcel = parcel_of(item, content, strategy.algorithm, strategy.verify, replace=True)
    digest, copies = distribute(parcel, offers)
    if sum(copy.verified for copy in copies) < strategy.required:
        tell_refused(context, item.ref, content.size, digest, copies)
        _tell_half_replaced(context, known, copies)
        raise NotEnoughCopiesError(item.ref, strategy.required, copies)
    new = deposit_of(item, strategy, digest, copies, content.size)
    (recorded,) = context.ledger.record_deposits([new], replacing=True)
    return receipt_of(item, strategy, digest, copies, content.size, recorded.event)


def _check_replaceable(ref: ObjectRef, offers: Sequence[Offer], required: int) -> None:
    """Refuse an overwrite that cannot reach enough offers before any old bytes are gone (law 5).

    Raises:
        NotEnoughCopiesError: too few offers answer, or can replace in one step.
    """
    outcomes = []
    for offer in offers:
        if not offer.is_available():
            code, why = OfferUnavailableError.code, "the offer does not answer"
        elif Capability.REPLACE not in offer.capabilities:
            code, why = UnsupportedOperationError.code, "the offer cannot replace in one step"
            if seen := offer.standing.withheld.get(Capability.REPLACE):
                why = f"replacing is not relied on: {seen}"
        elif offer.standing.hindrance is not None:
            code, why = UnsupportedOperationError.code, offer.standing.hindrance
        else:
            continue
        outcomes.append(CopyOutcome(offer=offer.id, evidence=None, code=code, message=why))
    if len(offers) - len(outcomes) < required:
        raise NotEnoughCopiesError(ref, required, outcomes)


def _tell_half_replaced(
    context: Context, known: ObjectRecord, copies: Sequence[CopyOutcome]
) -> None:
    """An overwrite that did not reach enough offers: those it did reach no longer hold the old.

    An offer that failed may have replaced it all the same, so it is looked at.
    """
    for copy in copies:
        seen = None if copy.verified else look(context.offers.get(copy.offer), known)
        if seen is not None and seen.state is not CopyState.CORRUPT:
            continue
        context.ledger.record_copy(
            known.id,
            copy.offer,
            state=CopyState.CORRUPT,
            evidence=(copy.evidence if seen is None else seen.evidence) or Evidence.PRESENT,
            kind=EventKind.COPY_CORRUPT,
            code="half-replaced",
            detail="holds the bytes of an overwrite that did not reach enough offers",
        )
