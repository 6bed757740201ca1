"""Retiring an offer: nobody counts on it, looks there or owes it anything any more.

Refused as long as an object needs it. Nothing is deleted on the offer (law 3): what it holds
is there for whoever wants to read it by hand, and the ledger remembers that it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from coffre.engine.context import Context
from coffre.engine.errors import InvalidOrderError, StillNeededError
from coffre.engine.ledger import CopyState, ObjectRecord
from coffre.engine.strategy import StrategyError

PAGE = 1000
"""Copies recorded together."""
_GONE = (CopyState.RETIRED, CopyState.REPLACED, CopyState.DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """An offer was retired, and that is recorded."""

    offer: str
    copies: int
    """Copies it holds that are no longer counted on."""
    debts: int
    """Things owed on it that were struck."""

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {"offer": self.offer, "copies": self.copies, "debts": self.debts}


def retire(context: Context, name: str, *, author: str, reason: str) -> Retirement:
    """Retire an offer. It need not answer, nor be configured any more.

    Args:
        context: the engine's surroundings.
        name: id of the offer.
        author: who decided it.
        reason: why, for whoever reads the log.

    Raises:
        InvalidOrderError: no author, or no reason.
        StrategyError: neither the configuration nor the ledger knows the offer.
        StillNeededError: a strategy names it, or objects need its copies; nothing was changed.
        LedgerError: it could not be recorded; running it again goes on.
    """
    if not author.strip() or not reason.strip():
        raise InvalidOrderError("retiring an offer needs an author and a reason: say who and why")
    _check_named_nowhere(context, name)
    _check_known(context, name)
    _check_not_needed(context, name)
    retired = 0
    held = _held(context, name)
    while page := list(islice(held, PAGE)):
        context.ledger.retire_copies(name, page)
        retired += len(page)
    struck = context.ledger.retire_offer(name, author=author, reason=reason, copies=retired)
    return Retirement(offer=name, copies=retired, debts=struck)


def is_retired(context: Context, name: str) -> bool:
    """Whether an offer was retired, and nothing brought it back: no strategy, no new copy."""
    if any(name in strategy.offers for strategy in context.strategies.values()):
        return False
    states = context.ledger.states_on(name)
    return CopyState.RETIRED in states and states.issubset(_GONE)


def _held(context: Context, name: str) -> Iterator[ObjectRecord]:
    """Stored objects of which the offer has a copy, good or bad, not retired yet."""
    for record in context.ledger.objects_on(name):
        copy = record.copy_on(name)
        if copy is not None and copy.state not in _GONE:
            yield record


def _check_named_nowhere(context: Context, name: str) -> None:
    named = sorted(one.name for one in context.strategies.values() if name in one.offers)
    if named:
        raise StillNeededError(
            f"strategy {named[0]!r} names offer {name!r}: take it out of every strategy first"
        )


def _check_known(context: Context, name: str) -> None:
    ledger = context.ledger
    if name in context.offers or next(ledger.objects_on(name), None) or next(ledger.debts(name), 0):
        return
    raise StrategyError(f"offer {name!r} is not configured, and the ledger knows no copy on it")


def _check_not_needed(context: Context, name: str) -> None:
    needing, first = 0, ""
    for record in _held(context, name):
        others, required = _good_elsewhere(context, record, name), _required(context, record)
        if others < required:
            needing += 1
            first = first or f"{record.ref} would keep {others} of {required}"
    if needing:
        raise StillNeededError(
            f"without offer {name!r} {needing} of the objects it holds would have fewer verified "
            f"copies than their strategy requires ({first}): repair and audit the others first"
        )


def _good_elsewhere(context: Context, record: ObjectRecord, name: str) -> int:
    """Verified copies on other offers, of which one that is not configured is none."""
    return sum(
        copy.state is CopyState.VERIFIED and copy.offer != name and copy.offer in context.offers
        for copy in record.copies
    )


def _required(context: Context, record: ObjectRecord) -> int:
    """Verified copies that an object needs: one at least, where its strategy is not known."""
    strategy = context.strategies.get(record.strategy)
    return 1 if strategy is None else strategy.required
