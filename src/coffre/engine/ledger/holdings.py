"""Questions to the ledger about offers: what each holds, what it lacks, what is owed on it.

Long answers come page by page, in constant memory, and in the order of the objects' numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import BigInteger, and_, bindparam, exists, or_, select, tuple_

from coffre.engine.ledger.database import Database
from coffre.engine.ledger.records import CopyState, DebtRecord, ObjectRecord, ObjectState
from coffre.engine.ledger.rows import objects_with_ids, read_debt
from coffre.engine.ledger.schema import copies, debts, objects
from coffre.engine.ledger.statements import STORED, constant, limited

PAGE = 1000
"""Rows read at once."""

_IDS_ON_OFFER = limited(
    select(copies.c.object_id)
    .where(copies.c.offer == bindparam("on_offer"), copies.c.object_id > bindparam("after"))
    .order_by(copies.c.object_id)
)
_IDS_LACKING = limited(
    select(objects.c.id)
    .where(
        objects.c.id > bindparam("after"),
        objects.c.strategy == bindparam("of_strategy"),
        STORED,
        ~exists().where(
            and_(
                copies.c.object_id == objects.c.id,
                copies.c.offer == bindparam("on_offer"),
                copies.c.state != constant(CopyState.RETIRED),
            )
        ),
    )
    .order_by(objects.c.id)
)
_NAMES_ON_OFFER = limited(
    select(objects.c.identifier)
    .where(
        objects.c.tenant == bindparam("of_tenant"),
        objects.c.container == bindparam("of_container"),
        objects.c.identifier > bindparam("after"),
        STORED,
        or_(
            exists().where(
                copies.c.object_id == objects.c.id,
                copies.c.offer == bindparam("copy_on"),
                copies.c.state != constant(CopyState.DELETED),
                copies.c.state != constant(CopyState.REPLACED),
            ),
            exists().where(
                debts.c.object_id == objects.c.id, debts.c.offer == bindparam("debt_on")
            ),
        ),
    )
    .order_by(objects.c.identifier)
)
_STATES_ON_OFFER = select(copies.c.state).where(copies.c.offer == bindparam("on_offer")).distinct()
_ALL_DEBTS = limited(
    select(debts)
    .where(
        tuple_(debts.c.object_id, debts.c.offer, debts.c.kind)
        > tuple_(bindparam("object", type_=BigInteger()), bindparam("on_offer"), bindparam("kind"))
    )
    .order_by(debts.c.object_id, debts.c.offer, debts.c.kind)
)


class HoldingsReader:
    """Answers questions about the offers of one ledger. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        """Read from this database."""
        self._database = database

    def objects_on(self, offer: str, after_id: int = 0) -> Iterator[ObjectRecord]:
        """Stored objects that an offer holds or should hold a copy of, by id."""
        while True:
            with self._database.reading() as transaction:
                rows = transaction.rows(_IDS_ON_OFFER, (offer, after_id, PAGE))
                ids = [row[0] for row in rows]
                page = objects_with_ids(transaction, ids)
            yield from (record for record in page if record.state is ObjectState.STORED)
            if len(ids) < PAGE:
                return
            after_id = ids[-1]

    def names_on(self, offer: str, tenant: int, container: str) -> Iterator[str]:
        """Identifiers of one container that an offer may hold something under, sorted bytewise.

        Those of stored objects of which it has a copy, whatever is known of it, or owes one.
        """
        after = ""
        while True:
            with self._database.reading() as transaction:
                values = (tenant, container, after, offer, offer, PAGE)
                rows = transaction.rows(_NAMES_ON_OFFER, values)
            yield from (row[0] for row in rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def states_on(self, offer: str) -> frozenset[CopyState]:
        """Every state that a copy on an offer is in. Reads a whole table: for reports."""
        with self._database.reading() as transaction:
            rows = transaction.rows(_STATES_ON_OFFER, (offer,))
        return frozenset(CopyState(row[0]) for row in rows)

    def ids_lacking(self, strategy: str, offer: str, after_id: int = 0) -> Iterator[int]:
        """Numbers of the stored objects of a strategy of which an offer never had a copy.

        A copy on an offer that was retired since is none.
        """
        while True:
            with self._database.reading() as transaction:
                rows = transaction.rows(_IDS_LACKING, (after_id, strategy, offer, PAGE))
            yield from (row[0] for row in rows)
            if len(rows) < PAGE:
                return
            after_id = rows[-1][0]

    def debts(self, offer: str | None = None) -> Iterator[DebtRecord]:
        """What is owed, by object; on one offer only, if one is named."""
        place = (0, "", "")
        while True:
            with self._database.reading() as transaction:
                rows = transaction.rows(_ALL_DEBTS, (*place, PAGE))
            yield from (read_debt(row) for row in rows if offer in (None, row[1]))
            if len(rows) < PAGE:
                return
            place = rows[-1][:3]
