"""Auditing: every copy read again, held against the expected digest; nothing is changed.

Two passes. The first goes through the ledger and reads each copy to its end; how far it came is
saved with what it found, so that an interrupted audit goes on where it stopped. The second
walks each offer's listing beside the ledger, in constant memory, and tells objects that the
ledger does not know. One bad object never stops it (law 12), and a copy that could not be
looked at is *unknown*: neither good nor bad (laws 2 and 8). Objects replaced or deleted while
the audit goes on are left out, and nothing is said of those that somebody is at work on.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from functools import partial
from itertools import islice

from coffre.contract import ObjectRef
from coffre.engine.context import Context
from coffre.engine.findings import AuditSummary, Finding, FindingCode
from coffre.engine.ledger import (
    Claim,
    ClaimedError,
    CopyState,
    DebtKind,
    JobProgress,
    JobRecord,
    JobState,
    ObjectRecord,
)
from coffre.engine.listing import unrecorded
from coffre.engine.looking import Look, is_stored
from coffre.engine.owing import Owed, owed_of
from coffre.engine.retiring import is_retired
from coffre.engine.scope import AuditScope
from coffre.engine.silence import Silence, look_at_each

PAGE = 256
"""Objects whose results are recorded together; at most these are read again after a crash."""
RESUMED_WITHIN = timedelta(days=7)
"""An audit interrupted longer ago is not gone on with: half of it would be old news."""
GRAIN = 8
"""Copies that one thread takes at a time: small ones are not worth a hand-over each."""

_FOUND = {
    CopyState.CORRUPT: FindingCode.CORRUPT,
    CopyState.MISSING: FindingCode.MISSING,
    None: FindingCode.UNKNOWN,
}
_GONE = (CopyState.DELETED, CopyState.RETIRED)
_NOT_COUNTS = ("job", "told_before")

Seen = tuple[ObjectRecord, str, Look]
"""One copy that was looked at: object, offer, and what was seen."""


class Audit(Iterator[Finding]):
    """A running audit: iterate to run it; ``summary`` counts as it goes.

    One that is not run to its end should be closed: it keeps threads.
    """

    def __init__(
        self,
        context: Context,
        scope: AuditScope,
        *,
        resume: bool = True,
        threads: int | None = None,
        progress: Callable[[AuditSummary], None] | None = None,
    ) -> None:
        """Prepare; nothing is read before the first step.

        Args:
            context: the engine's surroundings.
            scope: what to cover.
            resume: go on where an interrupted audit of the same scope stopped.
            threads: copies read at the same time; one for each processor when ``None``.
            progress: told the counts after each page.
        """
        self.summary = AuditSummary()
        # The work does not know this object: dropped without being closed, it ends at once.
        work = _Work(context, scope, self.summary, resume=resume, progress=progress)
        self._steps = work.run(threads or os.cpu_count() or 1)

    def __next__(self) -> Finding:
        """The next finding.

        Raises:
            StrategyError: an offer in scope is not configured.
            LedgerError: the results could not be recorded.
        """
        return next(self._steps)

    def close(self) -> None:
        """Stop here; what was read is recorded, and a later audit of this scope goes on."""
        self._steps.close()


def _name_of(job: JobRecord) -> ObjectRef:
    """What is claimed of a job, as if it were an object: who works on it, and whether he lives."""
    return ObjectRef(tenant=0, container="jobs", identifier=f"audit-{job.id}")


class _Work:
    """What an audit does."""

    def __init__(
        self,
        context: Context,
        scope: AuditScope,
        summary: AuditSummary,
        *,
        resume: bool,
        progress: Callable[[AuditSummary], None] | None,
    ) -> None:
        self._context = context
        self._scope = scope
        self.summary = summary
        self._resume = resume
        self._progress = progress

    def run(self, threads: int) -> Generator[Finding, None, None]:
        ledger, summary = self._context.ledger, self.summary
        for name in self._scope.offers or ():
            self._context.offer(name)
        started = self._context.clock.monotonic()
        job, hold = self._job()
        summary.job = job.id
        records = ledger.objects_by_id(job.cursor)
        with hold, ThreadPoolExecutor(threads, thread_name_prefix="coffre-audit") as pool:
            while page := list(islice(records, PAGE)):
                yield from self._read_page(pool, page, job)
                if self._progress is not None:
                    self._progress(summary)
            yield from self._unrecorded()
            yield from self._deletions_owed()
            summary.complete = True
            summary.seconds = self._context.clock.monotonic() - started
            ledger.finish_job(job.id, self._counts())

    def _job(self) -> tuple[JobRecord, Claim]:
        """The job to go on with, or a new one; held, so that two audits never share it."""
        ledger, scope = self._context.ledger, self._scope.to_json()
        for job in reversed(ledger.jobs()) if self._resume else ():
            if (job.kind, dict(job.scope)) != ("audit", scope):
                continue
            if job.state is JobState.RUNNING and self._is_recent(job):
                with suppress(ClaimedError):  # interrupted? No: somebody is at it right now
                    hold = ledger.claim([_name_of(job)])
                    self._take_up(job)
                    return job, hold
            break  # the last one of this scope went to its end, is too old, or still runs
        while True:
            job = ledger.start_job("audit", scope)
            with suppress(ClaimedError):  # taken up by another audit before we held it
                return job, ledger.claim([_name_of(job)])

    def _is_recent(self, job: JobRecord) -> bool:
        return self._context.clock.now() - job.updated_at <= RESUMED_WITHIN

    def _take_up(self, job: JobRecord) -> None:
        for name, count in job.counts.items():
            setattr(self.summary, name, count)
        self.summary.resumed = job.cursor > 0
        self.summary.told_before = self.summary.findings

    def _counts(self) -> dict[str, int]:
        return {
            item.name: value
            for item in fields(self.summary)
            if type(value := getattr(self.summary, item.name)) is int
            and item.name not in _NOT_COUNTS
        }

    # --- every copy that the ledger knows ------------------------------------------------

    def _read_page(
        self, pool: ThreadPoolExecutor, page: Sequence[ObjectRecord], job: JobRecord
    ) -> Iterator[Finding]:
        in_scope = [record for record in page if self._scope.covers(record)]
        to_read = [
            (record, copy.offer)
            for record in in_scope
            for copy in record.copies
            if copy.state not in _GONE and self._scope.names(copy.offer)
        ]
        grains = [to_read[start : start + GRAIN] for start in range(0, len(to_read), GRAIN)]
        look_at = partial(look_at_each, self._context, Silence())
        looks = [seen for grain in pool.map(look_at, grains) for seen in grain]
        gone = {record.id for (record, _), seen in zip(to_read, looks, strict=True) if seen is None}
        seen_copies = [
            (record, offer, seen)
            for (record, offer), seen in zip(to_read, looks, strict=True)
            if seen is not None and record.id not in gone
        ]
        findings = self._count([one for one in in_scope if one.id not in gone], seen_copies)
        self._context.ledger.record_checks(
            [seen.check(record, offer) for record, offer, seen in seen_copies],
            progress=JobProgress(job_id=job.id, cursor=page[-1].id, counts=self._counts()),
        )
        yield from findings

    def _count(self, records: Sequence[ObjectRecord], copies: Sequence[Seen]) -> list[Finding]:
        findings: list[Finding] = []
        maybe_good: Counter[int] = Counter()
        for record, offer, seen in copies:
            self._count_look(seen)
            maybe_good[record.id] += seen.state in (CopyState.VERIFIED, None)
            if seen.state is not CopyState.VERIFIED:
                code = _FOUND[seen.state]
                findings.append(Finding(ref=record.ref, offer=offer, code=code, detail=seen.detail))
        for record in records:
            findings.extend(self._never_made(record))
            findings.extend(self._too_few(record, maybe_good[record.id]))
        self.summary.objects += len(records)
        return findings

    def _count_look(self, seen: Look) -> None:
        summary = self.summary
        summary.copies += 1
        summary.bytes_read += seen.bytes_read
        name = "unknown" if seen.state is None else seen.state.value
        setattr(summary, name, getattr(summary, name) + 1)

    def _never_made(self, record: ObjectRecord) -> Iterator[Finding]:
        owed = [one for one in self._owed(record) if self._scope.names(one.offer)]
        if not owed or not is_stored(self._context, record):
            return
        (now,) = self._context.ledger.find_ids([record.id])
        standing = {one.offer for one in self._owed(now)}  # somebody may have paid meanwhile
        for one in owed:
            if one.offer in standing:
                self.summary.owed += 1
                yield Finding(
                    ref=record.ref,
                    offer=one.offer,
                    code=FindingCode.OWED,
                    detail=one.note or one.code,
                )

    def _owed(self, record: ObjectRecord) -> list[Owed]:
        """Copies that an object never had, and should: owed, or wanted by its strategy."""
        seen = {copy.offer for copy in record.copies if copy.state is not CopyState.RETIRED}
        owed = owed_of(self._context, record)
        return [one for one in owed if one.kind is DebtKind.COPY and one.offer not in seen]

    def _too_few(self, record: ObjectRecord, good: int) -> Iterator[Finding]:
        """Too few copies, even if every one that could not be looked at were good."""
        strategy = self._context.strategies.get(record.strategy)
        if strategy is None or self._scope.offers is not None or good >= strategy.required:
            return
        self.summary.under_strategy += 1
        yield Finding(
            ref=record.ref,
            offer=None,
            code=FindingCode.UNDER_STRATEGY,
            detail=f"{_copies(good)} at most, {strategy.required} required",
        )

    # --- what the offers hold beside that -------------------------------------------------

    def _unrecorded(self) -> Iterator[Finding]:
        scope = self._scope
        names: Collection[str]
        if scope.offers is None:
            names = [one for one in self._context.offers if not is_retired(self._context, one)]
        else:
            names = scope.offers
        for finding in unrecorded(self._context, names, scope.tenant, scope.container):
            if finding.code is FindingCode.UNLISTED:
                self.summary.unknown_listings += 1
            else:
                self.summary.unrecorded += 1
            yield finding

    def _deletions_owed(self) -> Iterator[Finding]:
        ledger = self._context.ledger
        for debt in ledger.debts():
            if debt.kind is not DebtKind.DELETION or not self._scope.names(debt.offer):
                continue
            (record,) = ledger.find_ids([debt.object_id])
            if self._scope.reaches(record.ref):
                self.summary.deletions_owed += 1
                yield Finding(
                    ref=record.ref,
                    offer=debt.offer,
                    code=FindingCode.DELETION_OWED,
                    detail=f"ordered: {debt.note}",
                )


def _copies(count: int) -> str:
    return f"{count} {'copy' if count == 1 else 'copies'}"
