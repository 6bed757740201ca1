"""The statements that more than one module of the ledger uses.

Values are positional: they are given in the order in which the parameters stand in the SQL,
which for an insert is the order of the columns in :mod:`~coffre.engine.ledger.schema`.
Constants are written as SQL, so that the partial indexes apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    delete,
    literal_column,
    select,
    update,
)

from coffre.engine.ledger.schema import copies, debts, head, objects

Shape = TypeVar("Shape", bound=tuple[object, ...])
Value = TypeVar("Value")
Query = Select[tuple[object, ...]]

IN_LIST = 256
"""Longest list of values in one query."""
_LIST_LENGTHS = (1, 16, IN_LIST)
"""Lists are filled up to one of these lengths, so that few statements are ever prepared."""


def constant(text: str) -> ColumnElement[str]:
    """A text written into the SQL itself."""
    return literal_column(f"'{text}'")


def limited(query: Select[Shape], length: str | None = None) -> Select[Shape]:
    """The first rows of a query: that many, or else as many as its last value says.

    The offset is written out because SQLite's dialect would pass a zero as a parameter.
    """
    rows = bindparam("rows", type_=Integer()) if length is None else literal_column(length)
    return query.limit(rows).offset(literal_column("0"))


STORED = objects.c.state == constant("stored")

READ_HEAD = select(head.c.seq, head.c.digest)
LOCK_HEAD = READ_HEAD.with_for_update()
MOVE_HEAD = update(head).values(seq=bindparam("to_seq"), digest=bindparam("to_digest"))

SET_COPY = (
    update(copies)
    .where(copies.c.object_id == bindparam("object"), copies.c.offer == bindparam("on_offer"))
    .values(
        state=bindparam("to_state"),
        evidence=bindparam("to_evidence"),
        checked_at=bindparam("at"),
        detail=bindparam("to_detail"),
    )
)
"""Values: state, evidence, time, detail; object id, offer."""

DROP_DEBT = delete(debts).where(
    debts.c.object_id == bindparam("object"),
    debts.c.offer == bindparam("on_offer"),
    debts.c.kind == bindparam("of_kind"),
)
"""Values: object id, offer, kind."""

SET_OBJECT_STATE = (
    update(objects).where(objects.c.id == bindparam("object")).values(state=bindparam("to_state"))
)
"""Values: state; object id."""

OBJECT_COLUMNS = (
    objects.c.id,
    objects.c.tenant,
    objects.c.container,
    objects.c.identifier,
    objects.c.size,
    objects.c.algorithm,
    objects.c.digest,
    objects.c.metadata,
    objects.c.strategy,
    objects.c.deposited_at,
    objects.c.state,
)
_BRIEF_COLUMNS = (
    objects.c.identifier,
    objects.c.id,
    objects.c.size,
    objects.c.algorithm,
    objects.c.digest,
)


def padded(values: Sequence[Value]) -> Sequence[Sequence[Value]]:
    """Cut values into lists that the queries below take; the last value fills a list up."""
    if len(values) == 1:  # nearly always
        return (values,)
    return [_filled(values[start : start + IN_LIST]) for start in range(0, len(values), IN_LIST)]


def _filled(values: Sequence[Value]) -> Sequence[Value]:
    length = next(length for length in _LIST_LENGTHS if len(values) <= length)
    return [*values, *([values[-1]] * (length - len(values)))]


def listed(length: int) -> list[ColumnElement[object]]:
    """Parameters for a list of that many values."""
    return [bindparam(f"value_{number}") for number in range(length)]


@cache
def stored_by_identifier(length: int, *, brief: bool) -> Query:
    """Stored objects of one container, by a list of identifiers.

    Values: tenant, container, then ``length`` identifiers. ``brief``: only what a deposit
    compares (identifier, id, size, algorithm, digest).
    """
    columns = _BRIEF_COLUMNS if brief else OBJECT_COLUMNS
    return select(*columns).where(
        objects.c.tenant == bindparam("of_tenant"),
        objects.c.container == bindparam("of_container"),
        objects.c.identifier.in_(listed(length)),
        STORED,
    )


@cache
def objects_of_ids(length: int) -> Query:
    """Objects by a list of ``length`` ids, whatever their state."""
    return select(*OBJECT_COLUMNS).where(objects.c.id.in_(listed(length)))


@cache
def copies_of(length: int) -> Query:
    """Copies of ``length`` objects, by id, in the order of object and offer."""
    return (
        select(copies)
        .where(copies.c.object_id.in_(listed(length)))
        .order_by(copies.c.object_id, copies.c.offer)
    )


@cache
def debts_of(length: int) -> Query:
    """Debts of ``length`` objects, by id, in the order of object, offer and kind."""
    return (
        select(debts)
        .where(debts.c.object_id.in_(listed(length)))
        .order_by(debts.c.object_id, debts.c.offer, debts.c.kind)
    )
