"""What is owed: copies that a strategy wants and that are not there, deletions not done.

Debts in the ledger tell what was seen to fail. Beside them a strategy tells what it wants: an
offer that was named in it after an object was deposited owes a copy, though nothing failed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from coffre.contract import ObjectNotFoundError, ObjectRef, as_text
from coffre.engine.context import Context
from coffre.engine.errors import BrakeError
from coffre.engine.ledger import CopyState, DebtKind, DebtRecord, ObjectRecord, ObjectState

NEVER_MADE = "never-made"
"""Code of a copy that a strategy wants, and that nobody has tried to make yet."""
PAGE = 256
"""Objects looked up together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One thing that a repair would do: a copy to make or to mend, a deletion to finish."""

    ref: ObjectRef
    offer: str
    kind: DebtKind
    code: str
    """Why: the error code that caused it, or ``never-made``."""
    note: str = ""
    since: datetime | None = None
    """Since when; ``None`` where only the strategy says so."""

    def to_json(self) -> dict[str, object]:
        """For ``--json`` and reports."""
        return {
            "ref": str(self.ref),
            "offer": self.offer,
            "owed": self.kind.value,
            "code": self.code,
            "note": self.note or None,
            "since": None if self.since is None else as_text(self.since),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairScope:
    """What a repair covers; everything, unless it says otherwise."""

    tenant: int | None = None
    container: str | None = None
    refs: Collection[ObjectRef] | None = None

    def covers(self, ref: ObjectRef) -> bool:
        """Whether an object is in scope."""
        return (
            self.tenant in (None, ref.tenant)
            and self.container in (None, ref.container)
            and (self.refs is None or ref in self.refs)
        )


def owed_of(context: Context, record: ObjectRecord) -> list[Owed]:
    """Everything owed for one object: its debts, then what its strategy wants beside them."""
    owed = [_of_debt(record, debt) for debt in record.debts]
    strategy = context.strategies.get(record.strategy)
    if strategy is None or record.state is not ObjectState.STORED:
        return owed
    known = {copy.offer for copy in record.copies if copy.state is not CopyState.RETIRED}
    known.update(debt.offer for debt in record.debts)
    note = f"strategy {strategy.name!r} names this offer"
    return owed + [
        Owed(ref=record.ref, offer=name, kind=DebtKind.COPY, code=NEVER_MADE, note=note)
        for name in strategy.offers
        if name not in known
    ]


def owing(context: Context, scope: RepairScope) -> Iterator[tuple[ObjectRecord, list[Owed]]]:
    """Objects for which something is owed, each with all of it, in the order of their deposit."""
    for record in _candidates(context, scope):
        owed = owed_of(context, record) if scope.covers(record.ref) else []
        if owed:
            yield record, owed


def check_known(context: Context, scope: RepairScope) -> None:
    """Refuse to repair what there is not.

    Raises:
        ObjectNotFoundError: a reference under which nothing is stored, and nothing owed.
    """
    for ref in scope.refs or ():
        under = context.ledger.all_under(ref)
        if not any(record.debts or record.state is ObjectState.STORED for record in under):
            raise ObjectNotFoundError(f"{ref} is not stored", ref=ref)


def brake(context: Context, scope: RepairScope) -> None:
    """Stop a repair that would touch too much, before it begins (law 9).

    Raises:
        BrakeError: more objects than allowed.
    """
    limits = context.limits
    touched = sum(1 for _ in owing(context, scope))
    total = context.ledger.counts().objects.get(ObjectState.STORED, 0)
    too_many = touched > limits.brake_count or (
        touched > limits.brake_floor and touched > limits.brake_share * total
    )
    if too_many:
        raise BrakeError(
            f"this repair would touch {touched} objects, {total} are stored: more than it may "
            "without being asked to; look at the findings first, then release the brake"
        )


def _of_debt(record: ObjectRecord, debt: DebtRecord) -> Owed:
    return Owed(
        ref=record.ref,
        offer=debt.offer,
        kind=debt.kind,
        code=debt.code,
        note=debt.note,
        since=debt.since,
    )


def _candidates(context: Context, scope: RepairScope) -> Iterator[ObjectRecord]:
    """Objects for which something may be owed, by number."""
    if scope.refs is not None:
        under = (record for ref in scope.refs for record in context.ledger.all_under(ref))
        yield from sorted(under, key=lambda record: record.id)
        return
    numbers = _numbers(context)
    while page := list(islice(numbers, PAGE)):
        yield from context.ledger.find_ids(page)


def _numbers(context: Context) -> Iterator[int]:
    """Numbers of these objects, each once: sorted walks, merged."""
    ledger = context.ledger
    lacking = [
        ledger.ids_lacking(strategy.name, offer)
        for strategy in context.strategies.values()
        for offer in strategy.offers
    ]
    in_debt = (debt.object_id for debt in ledger.debts())
    return (number for number, _ in groupby(merge(in_debt, *lacking)))
