"""Questions to the ledger. Long answers come page by page, in constant memory.

Between two pages the ledger may change: an answer is right for each page at the moment when it
was read, and an object that was there all along appears exactly once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from sqlalchemy import Integer, and_, bindparam, func, select, tuple_

from coffre.contract import ObjectRef
from coffre.engine.ledger import jobs
from coffre.engine.ledger.holdings import PAGE, HoldingsReader
from coffre.engine.ledger.records import (
    CopyState,
    DebtKind,
    EventKind,
    EventRecord,
    JobRecord,
    LedgerCounts,
    LedgerHead,
    ObjectRecord,
    ObjectState,
)
from coffre.engine.ledger.rows import objects_with_ids, read_head, read_objects
from coffre.engine.ledger.schema import copies, debts, events, objects
from coffre.engine.ledger.statements import (
    OBJECT_COLUMNS,
    STORED,
    Query,
    constant,
    limited,
    padded,
    stored_by_identifier,
)

_SAME_REF = and_(
    objects.c.tenant == bindparam("of_tenant"),
    objects.c.container == bindparam("of_container"),
    objects.c.identifier == bindparam("of_identifier"),
)
# Two questions, so that each uses its partial index.
_STORED_UNDER_REF = select(*OBJECT_COLUMNS).where(_SAME_REF, STORED)
_GONE_UNDER_REF = select(*OBJECT_COLUMNS).where(_SAME_REF, ~STORED).order_by(objects.c.id.desc())
_EVENTS_AFTER = limited(
    select(events).where(events.c.seq > bindparam("after")).order_by(events.c.seq)
)
_PROBES = (
    select(events.c.body)
    .where(events.c.kind == constant(EventKind.OFFER_PROBED))  # as its index says
    .order_by(events.c.seq)
)
_DEPOSIT_OF_OBJECT = select(events).where(events.c.seq == bindparam("object"))
_LATER_EVENTS_OF_OBJECT = limited(
    select(events)
    .where(
        events.c.object_id == bindparam("object"),
        events.c.object_id != events.c.seq,  # as its index says
        events.c.seq > bindparam("after"),
    )
    .order_by(events.c.seq)
)
_OBJECTS_BY_ID: Query = limited(
    select(*OBJECT_COLUMNS).where(objects.c.id > bindparam("after"), STORED).order_by(objects.c.id)
)
_NEXT_PLACE: Query = limited(
    select(objects.c.tenant, objects.c.container)
    .where(
        STORED,
        tuple_(objects.c.tenant, objects.c.container)
        > tuple_(bindparam("of_tenant", type_=Integer()), bindparam("of_container")),
    )
    .order_by(objects.c.tenant, objects.c.container),
    "1",
)
_COUNT_OBJECTS = select(objects.c.state, func.count(), func.sum(objects.c.size)).group_by(
    objects.c.state
)
_COUNT_COPIES = select(copies.c.state, func.count()).group_by(copies.c.state)
_COUNT_DEBTS = select(debts.c.kind, func.count()).group_by(debts.c.kind)


class Reader(HoldingsReader):
    """Answers questions about one ledger. Safe to use from several threads."""

    # --- Objects by reference -------------------------------------------------------------

    def find(self, ref: ObjectRef) -> ObjectRecord | None:
        """The object stored under a reference."""
        with self._database.reading(brief=True) as transaction:
            row = transaction.row(_STORED_UNDER_REF, (ref.tenant, ref.container, ref.identifier))
            return None if row is None else read_objects(transaction, [row])[0]

    def find_many(self, refs: Iterable[ObjectRef]) -> dict[ObjectRef, ObjectRecord]:
        """The objects stored under these references; a reference without one is left out."""
        wanted: dict[tuple[int, str], list[str]] = {}
        for ref in refs:
            wanted.setdefault((ref.tenant, ref.container), []).append(ref.identifier)
        found: dict[ObjectRef, ObjectRecord] = {}
        with self._database.reading(brief=True) as transaction:
            for place, identifiers in wanted.items():
                for chunk in padded(identifiers):
                    query = stored_by_identifier(len(chunk), brief=False)
                    rows = transaction.rows(query, (*place, *chunk))
                    found.update((record.ref, record) for record in read_objects(transaction, rows))
        return found

    def last_state(self, ref: ObjectRef) -> ObjectRecord | None:
        """The stored object, or else the tombstone of the last one; ``None`` if never known."""
        records = self.all_under(ref)
        return records[0] if records else None

    def all_under(self, ref: ObjectRef) -> list[ObjectRecord]:
        """Every object that was ever stored under a reference, the latest first."""
        values = (ref.tenant, ref.container, ref.identifier)
        with self._database.reading() as transaction:
            rows = transaction.rows(_STORED_UNDER_REF, values)
            rows += transaction.rows(_GONE_UNDER_REF, values)
            return read_objects(transaction, rows)

    def find_ids(self, object_ids: Sequence[int]) -> list[ObjectRecord]:
        """Objects by number, in the order of their numbers, whatever became of them."""
        with self._database.reading() as transaction:
            return objects_with_ids(transaction, object_ids)

    # --- Objects in order -----------------------------------------------------------------

    def objects(
        self,
        *,
        tenant: int | None = None,
        container: str | None = None,
        prefix: str = "",
        after: ObjectRef | None = None,
    ) -> Iterator[ObjectRecord]:
        """Stored objects in the order of their references, bytewise.

        Args:
            tenant: this tenant only.
            container: this container only.
            prefix: identifiers that begin with this.
            after: go on after this reference, whether it is there or not.
        """
        query = _page_of_objects(tenant is not None, container is not None, bool(prefix))
        narrowing = [value for value in (tenant, container) if value is not None]
        if prefix:
            narrowing += [prefix, prefix + _AFTER_ANY_IDENTIFIER]
        place = (-1, "", "") if after is None else _place(after)
        while True:
            values = (*narrowing, *place, PAGE)
            page = self._page(query, values)
            yield from page
            if len(page) < PAGE:
                return
            place = _place(page[-1].ref)

    def places(self) -> list[tuple[int, str]]:
        """Every tenant and container with a stored object: one short step of the index each."""
        places: list[tuple[int, str]] = []
        with self._database.reading() as transaction:
            while place := transaction.row(_NEXT_PLACE, places[-1] if places else (-1, "")):
                places.append((place[0], place[1]))
        return places

    def objects_by_id(self, after_id: int = 0) -> Iterator[ObjectRecord]:
        """Stored objects in the order of their deposit, beginning after an id."""
        while page := self._page(_OBJECTS_BY_ID, (after_id, PAGE)):
            yield from page
            after_id = page[-1].id

    def _page(self, query: Query, values: Sequence[object]) -> list[ObjectRecord]:
        with self._database.reading() as transaction:
            return read_objects(transaction, transaction.rows(query, values))

    # --- Events, jobs, counts -------------------------------------------------------------

    def events(self, after: int = 0) -> Iterator[EventRecord]:
        """Events in order, beginning after a number."""
        while True:
            with self._database.reading() as transaction:
                rows = transaction.rows(_EVENTS_AFTER, (after, PAGE))
            yield from (EventRecord(*row) for row in rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def probes(self) -> dict[str, Mapping[str, object]]:
        """The last probe of each offer that was ever probed, as it was recorded, by its id."""
        with self._database.reading(brief=True) as transaction:
            rows = transaction.rows(_PROBES, ())
        told = (json.loads(str(body)) for (body,) in rows)
        return {one["offer"]: one for one in told}

    def history(self, ref: ObjectRef) -> Iterator[EventRecord]:
        """Events about every object that was ever under a reference, the oldest first."""
        for record in reversed(self.all_under(ref)):
            with self._database.reading() as transaction:
                rows = transaction.rows(_DEPOSIT_OF_OBJECT, (record.id,))
                rows += transaction.rows(_LATER_EVENTS_OF_OBJECT, (record.id, 0, PAGE))
            while rows:
                yield from (EventRecord(*row) for row in rows)
                after = rows[-1][0]
                with self._database.reading() as transaction:
                    rows = transaction.rows(_LATER_EVENTS_OF_OBJECT, (record.id, after, PAGE))

    def find_job(self, job_id: int) -> JobRecord | None:
        """One job, ``None`` when there is none of that number."""
        with self._database.reading() as transaction:
            return jobs.find_job(transaction, job_id)

    def jobs(self) -> list[JobRecord]:
        """Every job, the oldest first."""
        with self._database.reading() as transaction:
            return jobs.all_jobs(transaction)

    def head(self) -> LedgerHead:
        """Where the log ends."""
        with self._database.reading() as transaction:
            return read_head(transaction)

    def counts(self) -> LedgerCounts:
        """Count everything, at one moment. Reads whole tables: for reports."""
        with self._database.reading() as transaction:
            by_state = transaction.rows(_COUNT_OBJECTS)
            return LedgerCounts(
                objects={ObjectState(state): count for state, count, _size in by_state},
                bytes_stored=sum(
                    int(size) for state, _count, size in by_state if state == "stored"
                ),
                copies={CopyState(state): n for state, n in transaction.rows(_COUNT_COPIES)},
                debts={DebtKind(kind): n for kind, n in transaction.rows(_COUNT_DEBTS)},
                events=read_head(transaction).seq,
            )


_AFTER_ANY_IDENTIFIER = "\x7f"
"""Sorts after every character that an identifier can have: the end of a prefix's range."""


def _place(ref: ObjectRef) -> tuple[int, str, str]:
    return ref.tenant, ref.container, ref.identifier


@cache
def _page_of_objects(of_tenant: bool, of_container: bool, with_prefix: bool) -> Query:
    """One page of stored objects, in order, after a place.

    Values: tenant, container, prefix and its end, as far as they are asked for; then the place
    (tenant, container, identifier) and the number of rows.
    """
    query = select(*OBJECT_COLUMNS).where(STORED)
    if of_tenant:
        query = query.where(objects.c.tenant == bindparam("of_tenant"))
    if of_container:
        query = query.where(objects.c.container == bindparam("of_container"))
    if with_prefix:
        query = query.where(
            objects.c.identifier >= bindparam("first"), objects.c.identifier < bindparam("last")
        )
    place = tuple_(bindparam("a", type_=Integer()), bindparam("b"), bindparam("c"))
    here = tuple_(objects.c.tenant, objects.c.container, objects.c.identifier)
    query = query.where(here > place)
    return limited(query.order_by(objects.c.tenant, objects.c.container, objects.c.identifier))
