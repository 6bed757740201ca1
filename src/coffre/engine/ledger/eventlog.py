"""Appending to the log of events, inside a transaction that is already open."""

from __future__ import annotations

from coffre.engine.ledger.chain import canonical_event, link
from coffre.engine.ledger.database import Row, Transaction
from coffre.engine.ledger.errors import LedgerDamagedError
from coffre.engine.ledger.records import EventKind
from coffre.engine.ledger.schema import events
from coffre.engine.ledger.statements import LOCK_HEAD, MOVE_HEAD

_NAMES = {kind: kind.value for kind in EventKind}


class EventLog:
    """The events that one transaction adds. Making one puts this writer in line.

    Events are numbered and chained as they are appended, and written together by
    :meth:`write`, which belongs at the end of the transaction.
    """

    def __init__(self, transaction: Transaction, *, author: str, at: str) -> None:
        """Begin where the log ends.

        Args:
            transaction: a writing transaction.
            author: who is named in these events.
            at: time of these events, RFC 3339 UTC.

        Raises:
            LedgerDamagedError: the ledger has no end any more.
        """
        end = transaction.row(LOCK_HEAD)
        if end is None:
            raise LedgerDamagedError(
                "the ledger has lost the end of its log; restore it from its backup"
            )
        self.at = at
        self._author = author
        self._transaction = transaction
        self._seq: int = end[0]
        self._digest: bytes = end[1]
        self._rows: list[Row] = []

    @property
    def next_seq(self) -> int:
        """The number that the next event will have."""
        return self._seq + 1

    def append(
        self, kind: EventKind, body: str, *, ref: str | None = None, object_id: int | None = None
    ) -> int:
        """Add one event; its number.

        Args:
            kind: kind of event.
            body: the particulars, as canonical JSON.
            ref: object concerned, ``tenant/container/identifier``.
            object_id: number of that object.
        """
        seq = self._seq + 1
        name = _NAMES[kind]
        event = canonical_event(seq, self.at, name, self._author, ref, object_id, body)
        digest = link(self._digest, event)
        self._rows.append(
            (seq, self.at, name, self._author, ref, object_id, body, self._digest, digest)
        )
        self._seq, self._digest = seq, digest
        return seq

    def write(self) -> None:
        """Write what was appended, and the new end of the log."""
        if self._rows:
            self._transaction.insert(events, self._rows)
            self._transaction.run(MOVE_HEAD, (self._seq, self._digest))
            self._rows = []
