"""Jobs that can be resumed: how far each has come, kept with what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, select, update

from coffre.engine.ledger.chain import canonical_json
from coffre.engine.ledger.database import Row, Transaction
from coffre.engine.ledger.eventlog import EventLog
from coffre.engine.ledger.records import EventKind, JobProgress, JobRecord, JobState
from coffre.engine.ledger.schema import jobs

_JOB = select(*jobs.c).where(jobs.c.id == bindparam("job"))
_ALL_JOBS = select(*jobs.c).order_by(jobs.c.id)
_PROGRESS = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(
        cursor=bindparam("to_cursor"), counts=bindparam("to_counts"), updated_at=bindparam("at")
    )
)
_FINISH = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(counts=bindparam("to_counts"), state=bindparam("to_state"), updated_at=bindparam("at"))
)


def start_job(
    transaction: Transaction, log: EventLog, kind: str, scope: Mapping[str, object]
) -> JobRecord:
    """Begin a job; its number is that of the event that says so."""
    job_id = log.next_seq
    scope_json = canonical_json(dict(scope))
    row = (job_id, kind, scope_json, 0, "{}", JobState.RUNNING.value, log.at, log.at)
    transaction.insert(jobs, [row])
    log.append(EventKind.JOB_STARTED, canonical_json({"kind": kind, "scope": dict(scope)}))
    return read_job(row)


def save_progress(transaction: Transaction, progress: JobProgress, at: str) -> None:
    """Note how far a job has come. Bookkeeping, not an event: what it found is in the log."""
    counts = canonical_json(dict(progress.counts))
    transaction.run(_PROGRESS, (progress.cursor, counts, at, progress.job_id))


def finish_job(
    transaction: Transaction,
    log: EventLog,
    job_id: int,
    counts: Mapping[str, int],
    state: JobState,
) -> None:
    """End a job with its final counts."""
    text = canonical_json(dict(counts))
    transaction.run(_FINISH, (text, state.value, log.at, job_id))
    body = {"counts": dict(counts), "job": job_id, "state": state.value}
    log.append(EventKind.JOB_FINISHED, canonical_json(body))


def find_job(transaction: Transaction, job_id: int) -> JobRecord | None:
    """One job."""
    row = transaction.row(_JOB, (job_id,))
    return None if row is None else read_job(row)


def all_jobs(transaction: Transaction) -> list[JobRecord]:
    """Every job, the oldest first."""
    return [read_job(row) for row in transaction.rows(_ALL_JOBS)]


def read_job(row: Row) -> JobRecord:
    """One row of ``jobs`` as a record."""
    return JobRecord(
        row[0],
        row[1],
        json.loads(row[2]),
        row[3],
        json.loads(row[4]),
        JobState(row[5]),
        datetime.fromisoformat(row[6]),
        datetime.fromisoformat(row[7]),
    )
