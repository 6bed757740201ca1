"""The ledger: what was stored, what is known of each copy, what is owed, and the log of it all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from coffre.contract import SYSTEM_CLOCK, Clock, Evidence, ObjectRef
from coffre.engine.ledger import changes, jobs
from coffre.engine.ledger.checks import record_checks
from coffre.engine.ledger.claims import Claim
from coffre.engine.ledger.deposits import DepositWriter
from coffre.engine.ledger.opening import open_database
from coffre.engine.ledger.recording import Recorder
from coffre.engine.ledger.records import (
    Check,
    CopyState,
    DebtKind,
    DeletionOrder,
    Deposit,
    EventKind,
    JobProgress,
    LedgerFinding,
    ObjectRecord,
    Recorded,
)
from coffre.engine.ledger.verification import verify_ledger


class Ledger(Recorder):
    """One open ledger. Threads may share it; any number of processes may open the same one.

    Every method that records is one transaction: when it returns, what it recorded is on
    stable storage (law 7); when it raises, nothing was. Reading is inherited from
    :class:`~coffre.engine.ledger.reading.Reader`.

    Not to be carried over a ``fork``: open it again in the child.
    """

    @classmethod
    def open(
        cls,
        url: str,
        *,
        author: str,
        clock: Clock = SYSTEM_CLOCK,
        create: bool = True,
        busy_timeout_s: float = 10.0,
    ) -> Self:
        """Open a ledger, made if there is none and upgraded if it is an older one.

        Args:
            url: ``sqlite:///path`` (or the path alone), or ``postgresql://user@host/database``.
            author: who is named in the events written through this ledger.
            clock: where the time comes from.
            create: make the ledger when there is none.
            busy_timeout_s: how long to wait for other writers, in seconds.

        Raises:
            LedgerError: it cannot be opened or written; the message says what to do.
            LedgerVersionError: written by a newer coffre; nothing was changed.
            LedgerDamagedError: not a ledger, or damaged.
            LedgerLockedError: another process keeps it.
        """
        database = open_database(
            url, author=author, clock=clock, create=create, busy_timeout_s=busy_timeout_s
        )
        return cls(database, author=author, clock=clock)

    def close(self) -> None:
        """Let go of the database; closing again does nothing."""
        self._database.close()

    def __enter__(self) -> Self:
        """Use the ledger inside a block."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    @property
    def place(self) -> str:
        """Where it is kept: a path, or a host and a database. Safe to print."""
        return self._database.place

    def __repr__(self) -> str:
        """The place, and nothing secret."""
        return f"Ledger({self.place!r})"

    # --- Storing --------------------------------------------------------------------------

    def claim(self, refs: Iterable[ObjectRef]) -> Claim:
        """Keep others from storing under these references; all of them or none.

        Held until it is released or this process dies, whichever comes first.

        Args:
            refs: what is about to be stored, replaced or deleted.

        Raises:
            ClaimedError: another process, or another claim of this one, holds one.
            LedgerError: no claim can be taken; the message says what to do.
        """
        return self._database.claims.take(refs)

    def is_claimed(self, ref: ObjectRef) -> bool:
        """Whether anybody, this process included, is working on a reference right now."""
        return self._database.claims.is_taken(ref)

    def record_deposits(
        self, deposits: Sequence[Deposit], *, replacing: bool = False
    ) -> list[Recorded]:
        """Record what was just stored; what each deposit came to, in the same order.

        The same bytes under a known reference add their copies and debts to what is there.

        Args:
            deposits: one batch, recorded as a whole.
            replacing: other bytes under a known reference take its place.

        Raises:
            ObjectConflictError: a reference holds other bytes (``ref`` says which) and
                ``replacing`` is false; nothing of the batch was recorded.
        """
        with self._recording() as (transaction, log):
            return DepositWriter(transaction, log, replacing=replacing).record(deposits)

    def record_recovered(self, deposits: Sequence[Deposit]) -> list[Recorded]:
        """Record objects found on an offer, to rebuild a ledger from it (law 10).

        A known object gains the copy; one that differs from what the ledger says is reported
        as ``CONFLICT`` and changes nothing, since the ledger is never corrected from an offer.
        """
        with self._recording() as (transaction, log):
            writer = DepositWriter(transaction, log, kind=EventKind.OBJECT_RECOVERED)
            return writer.record(deposits)

    # --- Copies and debts -----------------------------------------------------------------

    def record_copy(
        self,
        object_id: int,
        offer: str,
        *,
        state: CopyState,
        evidence: Evidence,
        kind: EventKind,
        code: str = "",
        detail: str = "",
    ) -> int:
        """Record what one offer now holds of one stored object; the number of the event.

        A verified copy pays the debt of a copy there; a corrupt or missing one becomes a debt.

        Args:
            object_id: the object.
            offer: the offer.
            state: what it holds.
            evidence: how that is known.
            kind: what happened, such as ``COPY_ADDED`` or ``COPY_REPAIRED``.
            code: error code of a debt that follows; the state's own when empty.
            detail: one sentence for people, such as where bad bytes were put aside.

        Raises:
            ObjectNotFoundError: the object was replaced or deleted meanwhile.
        """
        with self._recording() as (transaction, log):
            return changes.record_copy(
                transaction,
                log,
                object_id=object_id,
                offer=offer,
                state=state,
                evidence=evidence,
                kind=kind,
                code=code,
                detail=detail,
            )

    def record_checks(self, checks: Sequence[Check], *, progress: JobProgress | None = None) -> int:
        """Record a batch of an audit, and how far it has come; the number of the last event.

        Args:
            checks: each look at each copy.
            progress: of the job that made them, saved by the same transaction.

        Raises:
            ValueError: a check of an object that the ledger does not know.
        """
        with self._recording() as (transaction, log):
            last = record_checks(transaction, log, checks)
            if progress is not None:
                jobs.save_progress(transaction, progress, log.at)
            return last

    def add_debt(
        self, object_id: int, offer: str, kind: DebtKind, *, code: str, note: str = ""
    ) -> bool:
        """Record something owed; ``False`` when it stood already (it keeps its date)."""
        with self._recording() as (transaction, log):
            return changes.add_debt(
                transaction, log, object_id=object_id, offer=offer, kind=kind, code=code, note=note
            )

    def pay_debt(self, object_id: int, offer: str, kind: DebtKind, *, note: str = "") -> bool:
        """Strike a debt out; ``False`` when there was none.

        Recording a verified copy or a copy's deletion pays its debt by itself.
        """
        with self._recording() as (transaction, log):
            return changes.pay_debt(
                transaction, log, object_id=object_id, offer=offer, kind=kind, note=note
            )

    # --- Deletion -------------------------------------------------------------------------

    def order_deletion(self, ref: ObjectRef, order: DeletionOrder) -> ObjectRecord:
        """Record an order to delete, before anything is deleted; the tombstone.

        Its debts of kind ``DELETION`` are the offers to delete from. Whether the order may be
        given (rights of the container, holds) is decided above.

        Raises:
            ObjectNotFoundError: no object is stored under the reference.
        """
        with self._recording() as (transaction, log):
            object_id = changes.order_deletion(transaction, log, ref, order)
        tombstones = self.all_under(ref)
        return next(record for record in tombstones if record.id == object_id)

    def record_copy_deleted(self, object_id: int, offer: str, *, detail: str = "") -> bool:
        """Record that an ordered deletion was done on one offer; whether none is left to do."""
        with self._recording() as (transaction, log):
            return changes.record_copy_deleted(
                transaction, log, object_id=object_id, offer=offer, detail=detail
            )

    # --- The ledger itself -----------------------------------------------------------------

    def verify(self) -> Iterator[LedgerFinding]:
        """Everything that is wrong with the ledger itself; nothing when it is sound."""
        return verify_ledger(self._database)
