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
from coffre.engine.judging import Judge, Seen
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
from coffre.engine.retiring import is_retired
from coffre.engine.scope import AuditScope
from coffre.engine.silence import Silence, look_at_each

PAGE = 256
"""Objects whose results are recorded together; at most these are read again after a crash."""
RESUMED_WITHIN = timedelta(days=7)
"""An audit interrupted longer ago is not gone on with: half of it would be old news."""
GRAIN = 32
"""Copies that one thread takes at a time: small ones are not worth a hand-over each."""
GRAIN_BYTES = 32 * 1024 * 1024
"""Bytes from which a thread takes no more copies: large ones are shared out one by one."""

_GONE = (CopyState.DELETED, CopyState.RETIRED)
_NOT_COUNTS = ("job", "told_before")

Grain = tuple[str, Sequence[ObjectRecord]]
"""An offer, and objects whose copies there one thread looks at."""


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
        self._judge = Judge(context, scope, summary)
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
        pool = ThreadPoolExecutor(threads, thread_name_prefix="coffre-audit")
        with hold:
            try:
                while page := list(islice(records, PAGE)):
                    yield from self._settle(_Page(self._context, self._scope, page, pool), job)
                    if self._progress is not None:
                        self._progress(summary)
            finally:
                pool.shutdown(cancel_futures=True)
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

    def _settle(self, page: _Page, job: JobRecord) -> Iterator[Finding]:
        """Record what was seen of a page, and tell what is wrong."""
        records, copies = page.seen()
        findings = self._judge.judge(records, copies)
        self._context.ledger.record_checks(
            [seen.check(record, offer) for record, offer, seen in copies],
            progress=JobProgress(job_id=job.id, cursor=page.last, counts=self._counts()),
        )
        yield from findings

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


class _Page:
    """Objects whose copies are being looked at by some threads."""

    def __init__(
        self,
        context: Context,
        scope: AuditScope,
        page: Sequence[ObjectRecord],
        pool: ThreadPoolExecutor,
    ) -> None:
        self.last = page[-1].id
        self._records = [record for record in page if scope.covers(record)]
        self._to_read = [
            (record, copy.offer)
            for record in self._records
            for copy in record.copies
            if copy.state not in _GONE and scope.names(copy.offer)
        ]
        self._grains = list(_grains(self._to_read))
        self._looks = pool.map(partial(look_at_each, context, Silence()), self._grains)

    def seen(self) -> tuple[Sequence[ObjectRecord], Sequence[Seen]]:
        """Wait for all of it: objects that are still there, and what was seen of their copies."""
        looks = {
            (record.id, offer): look
            for (offer, records), seen in zip(self._grains, self._looks, strict=True)
            for record, look in zip(records, seen, strict=True)
        }
        gone = {number for (number, _), look in looks.items() if look is None}
        copies = [
            (record, offer, look)
            for record, offer in self._to_read
            if record.id not in gone and (look := looks[record.id, offer]) is not None
        ]
        return [record for record in self._records if record.id not in gone], copies


def _grains(to_read: Sequence[tuple[ObjectRecord, str]]) -> Iterator[Grain]:
    """Copies as threads take them: of one offer each, so that one connection serves them all."""
    by_offer: dict[str, list[ObjectRecord]] = {}
    for record, offer in to_read:
        by_offer.setdefault(offer, []).append(record)
    for offer, records in by_offer.items():
        grain: list[ObjectRecord] = []
        size = 0
        for record in records:
            grain.append(record)
            size += record.size
            if len(grain) >= GRAIN or size >= GRAIN_BYTES:
                yield offer, grain
                grain, size = [], 0
        if grain:
            yield offer, grain
