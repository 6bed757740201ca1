"""Verifying the ledger itself: the chain of events, and the objects against their events.

The log is walked once, page by page, in constant memory. Every object's row is held against
the event that deposited it, in both directions, and so is what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import bindparam, func, literal_column, select

from coffre.engine.ledger.chain import GENESIS, canonical_event, link, parse_json
from coffre.engine.ledger.database import Database, Row, Transaction
from coffre.engine.ledger.records import EventKind, LedgerFinding, ObjectState
from coffre.engine.ledger.schema import events, objects
from coffre.engine.ledger.statements import (
    OBJECT_COLUMNS,
    READ_HEAD,
    constant,
    limited,
    objects_of_ids,
    padded,
)

PAGE = 1000
"""Events read at once."""

_DEPOSITS = frozenset(
    (EventKind.OBJECT_DEPOSITED, EventKind.OBJECT_REPLACED, EventKind.OBJECT_RECOVERED)
)
_LAST_SEQ = select(func.coalesce(func.max(events.c.seq), literal_column("0")))
_EVENTS = limited(
    select(events)
    .where(events.c.seq > bindparam("after"), events.c.seq <= bindparam("last"))
    .order_by(events.c.seq)
)
_OBJECTS = (
    select(*OBJECT_COLUMNS)
    .where(objects.c.id > bindparam("after"), objects.c.id <= bindparam("last"))
    .order_by(objects.c.id)
)
_OBJECTS_PAST_END = limited(
    select(objects.c.id).where(objects.c.id > bindparam("last")).order_by(objects.c.id)
)
_ORDERS_FOR = limited(
    select(events.c.seq).where(
        events.c.object_id == bindparam("object"),
        events.c.object_id != events.c.seq,  # as its index says
        events.c.kind == constant(EventKind.DELETION_ORDERED),
    ),
    "1",
)
_later = objects.alias("later")
_SUCCESSORS_OF = limited(
    select(_later.c.id).where(
        _later.c.tenant == bindparam("of_tenant"),
        _later.c.container == bindparam("of_container"),
        _later.c.identifier == bindparam("of_identifier"),
        _later.c.id > bindparam("than"),
    ),
    "1",
)


class ChainVerifier:
    """Follows the chain, event by event; knows nothing of databases."""

    def __init__(self) -> None:
        """Begin before the first event."""
        self.last_seq = 0
        self.last_digest = GENESIS

    def examine(self, event: Row) -> Iterator[LedgerFinding]:
        """What is wrong with the next event (a row of ``events``) or with its place."""
        seq, at, kind, author, ref, object_id, body, previous, digest = event
        if seq != self.last_seq + 1:
            detail = f"events {self.last_seq + 1} to {seq - 1} are not in the log"
            yield LedgerFinding(self.last_seq + 1, "events-missing", detail)
        elif bytes(previous) != self.last_digest:
            detail = "it does not follow the event before: one of both was put in later"
            yield LedgerFinding(seq, "chain-broken", detail)
        canonical = canonical_event(seq, at, kind, author, ref, object_id, body)
        if link(bytes(previous), canonical) != bytes(digest):
            yield LedgerFinding(seq, "event-changed", "its content does not have its digest")
        self.last_seq, self.last_digest = seq, bytes(digest)

    def examine_end(self, head: tuple[int, bytes] | None) -> Iterator[LedgerFinding]:
        """What is wrong between the last event and the end that was noted."""
        if head is None:
            yield LedgerFinding(self.last_seq, "head-missing", "the end of the log is not noted")
        elif self.last_seq < head[0]:
            detail = f"events {self.last_seq + 1} to {head[0]} were cut off the end of the log"
            yield LedgerFinding(self.last_seq + 1, "events-missing", detail)
        elif self.last_seq > head[0]:
            detail = f"the end of the log was noted at event {head[0]}, which is not the last"
            yield LedgerFinding(head[0], "head-changed", detail)
        elif self.last_digest != bytes(head[1]):
            detail = "the last event does not have the digest noted as the end of the log"
            yield LedgerFinding(self.last_seq, "head-changed", detail)


def verify_ledger(database: Database) -> Iterator[LedgerFinding]:
    """Everything that is wrong with a ledger; nothing at all when it is sound.

    Covers what was recorded before it began. Other processes may go on writing.
    """
    with database.reading() as transaction:
        head = transaction.row(READ_HEAD)
        last: int = (transaction.row(_LAST_SEQ) or (0,))[0]
        stray = [row[0] for row in transaction.rows(_OBJECTS_PAST_END, (last, PAGE))]
    chain = ChainVerifier()
    after, page_is_full = 0, True
    while page_is_full:
        with database.reading() as transaction:
            page = transaction.rows(_EVENTS, (after, last, PAGE))
            page_is_full = len(page) == PAGE
            until = page[-1][0] if page_is_full else last
            findings = [finding for event in page for finding in chain.examine(event)]
            findings += _compare_objects(transaction, page, after, until)
        yield from findings
        after = until
    yield from chain.examine_end(None if head is None else (head[0], head[1]))
    for number in stray:
        yield LedgerFinding(number, "object-without-event", "no event deposited this object")


def _compare_objects(
    transaction: Transaction, page: Sequence[Row], after: int, until: int
) -> list[LedgerFinding]:
    """Hold the objects of one stretch of the log against its events, both ways."""
    rows: dict[int, Row] = {row[0]: row for row in transaction.rows(_OBJECTS, (after, until))}
    deposits = {event[0]: event for event in page if event[2] in _DEPOSITS}
    findings = []
    for seq, event in deposits.items():
        row = rows.get(seq)
        if row is None:
            detail = f"{event[4]} was deposited by this event and is not among the objects"
            findings.append(LedgerFinding(seq, "object-missing", detail))
        else:
            findings += _compare(event, row)
    for number, row in rows.items():
        if number not in deposits:
            detail = "no event deposited this object"
            findings.append(LedgerFinding(number, "object-without-event", detail))
        findings += _explain_state(transaction, row)
    return findings + _follow_orders(transaction, page)


def _compare(event: Row, row: Row) -> list[LedgerFinding]:
    """What differs between a deposit's event and its object's row."""
    body = _body(event)
    found = {
        "ref": f"{row[1]}/{row[2]}/{row[3]}",
        "size": row[4],
        "digest": f"{row[5]}:{bytes(row[6]).hex()}",
        "metadata": _parsed(row[7]),
        "strategy": row[8],
        "deposited_at": row[9],
    }
    expected = {**body, "ref": event[4]}
    differing = [name for name, value in found.items() if expected.get(name) != value]
    if not differing:
        return []
    detail = f"{event[4]}: {', '.join(differing)} differ from what the event says"
    return [LedgerFinding(event[0], "object-changed", detail)]


def _explain_state(transaction: Transaction, row: Row) -> list[LedgerFinding]:
    """An object that is no longer stored must have been deleted by order, or replaced."""
    state = row[10]
    if state == ObjectState.STORED:
        return []
    if state == ObjectState.DELETED:
        explained = transaction.row(_ORDERS_FOR, (row[0],))
    else:
        explained = transaction.row(_SUCCESSORS_OF, (*row[1:4], row[0]))
    if explained is not None:
        return []
    detail = f"{row[1]}/{row[2]}/{row[3]} is marked {state}, and no event says why"
    return [LedgerFinding(row[0], "object-state", detail)]


def _follow_orders(transaction: Transaction, page: Sequence[Row]) -> list[LedgerFinding]:
    """An object that an event deleted or replaced must be so in its row."""
    expected: dict[int, str] = {}
    for event in page:
        if event[2] == EventKind.DELETION_ORDERED and event[5] is not None:
            expected[event[5]] = ObjectState.DELETED.value
        elif event[2] == EventKind.OBJECT_REPLACED:
            replaced = _body(event).get("replaces")
            if isinstance(replaced, int):
                expected[replaced] = ObjectState.REPLACED.value
    findings = []
    for ids in padded(list(expected)):
        rows = transaction.rows(objects_of_ids(len(ids)), ids)
        findings += [
            LedgerFinding(row[0], "object-state", f"is {row[10]} and should be {expected[row[0]]}")
            for row in rows
            if row[10] != expected[row[0]]
        ]
    return findings


def _body(event: Row) -> Mapping[str, object]:
    return _parsed(event[6])


def _parsed(text: str) -> Mapping[str, object]:
    """JSON that may have been tampered with: what cannot be read equals nothing."""
    try:
        return parse_json(text)
    except ValueError:
        return {"unreadable": text}
