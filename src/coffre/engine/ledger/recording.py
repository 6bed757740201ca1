"""Recording: a durable transaction with its events; and what is recorded of jobs and of offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from coffre.contract import SYSTEM_CLOCK, Clock, ObjectRef, as_text
from coffre.engine.ledger import jobs, retiring
from coffre.engine.ledger.chain import canonical_json, storable
from coffre.engine.ledger.database import Database, Transaction
from coffre.engine.ledger.eventlog import EventLog
from coffre.engine.ledger.reading import Reader
from coffre.engine.ledger.records import EventKind, JobProgress, JobRecord, JobState, ObjectRecord


class Recorder(Reader):
    """A ledger that is read, and in which jobs and other events are recorded."""

    def __init__(self, database: Database, *, author: str, clock: Clock = SYSTEM_CLOCK) -> None:
        """Use an open database.

        Args:
            database: where it is kept.
            author: who is named in the events.
            clock: where the time comes from.
        """
        super().__init__(database)
        self._author = storable(author)
        self._clock = clock

    def start_job(self, kind: str, scope: Mapping[str, object]) -> JobRecord:
        """Begin a job that can be resumed."""
        with self._recording() as (transaction, log):
            return jobs.start_job(transaction, log, kind, scope)

    def save_job(self, progress: JobProgress) -> None:
        """Note how far a job has come."""
        with self._database.writing() as transaction:
            jobs.save_progress(transaction, progress, as_text(self._clock.now()))

    def finish_job(
        self, job_id: int, counts: Mapping[str, int], *, state: JobState = JobState.DONE
    ) -> None:
        """End a job with its final counts."""
        with self._recording() as (transaction, log):
            jobs.finish_job(transaction, log, job_id, counts, state)

    def retire_copies(self, offer: str, records: Sequence[ObjectRecord]) -> None:
        """Record that the copies of these objects on an offer are no longer counted on."""
        with self._recording() as (transaction, log):
            retiring.retire_copies(transaction, log, offer, records)

    def retire_offer(self, offer: str, *, author: str, reason: str, copies: int) -> int:
        """Strike what was owed on an offer, and record who retired it and why.

        Args:
            offer: the offer, whose copies were retired before.
            author: who decided it.
            reason: why.
            copies: how many copies were retired.

        Returns:
            The number of debts struck.
        """
        with self._recording() as (transaction, log):
            return retiring.retire_offer(
                transaction, log, offer, author=author, reason=reason, copies=copies
            )

    def record_event(
        self, kind: EventKind, body: Mapping[str, object], *, ref: ObjectRef | None = None
    ) -> int:
        """Append an event that changes no table; its number."""
        with self._recording() as (_transaction, log):
            text = None if ref is None else str(ref)
            return log.append(kind, canonical_json(dict(body)), ref=text)

    @contextmanager
    def _recording(self) -> Iterator[tuple[Transaction, EventLog]]:
        """One durable transaction with its events."""
        with self._database.writing() as transaction:
            log = EventLog(transaction, author=self._author, at=as_text(self._clock.now()))
            yield transaction, log
            log.write()
