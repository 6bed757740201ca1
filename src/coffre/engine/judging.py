"""Judging: what looks at copies come to, object by object: findings, and the counts of a summary.

Findings and counts come from the same looks, so that a summary cannot contradict its lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from coffre.engine.context import Context
from coffre.engine.findings import AuditSummary, Finding, FindingCode
from coffre.engine.ledger import CopyState, DebtKind, ObjectRecord
from coffre.engine.looking import Look, is_stored
from coffre.engine.owing import Owed, owed_of
from coffre.engine.scope import AuditScope

_FOUND = {
    CopyState.CORRUPT: FindingCode.CORRUPT,
    CopyState.MISSING: FindingCode.MISSING,
    None: FindingCode.UNKNOWN,
}

Seen = tuple[ObjectRecord, str, Look]
"""One copy that was looked at: object, offer, and what was seen."""


class Judge:
    """Says what is wrong with the objects of one audit, and counts everything that was seen."""

    def __init__(self, context: Context, scope: AuditScope, summary: AuditSummary) -> None:
        """Count into a summary."""
        self._context = context
        self._scope = scope
        self._summary = summary

    def judge(self, records: Sequence[ObjectRecord], copies: Sequence[Seen]) -> list[Finding]:
        """Findings about some objects, and about every copy of them that was to be looked at."""
        self._count(records, copies)
        maybe_good = Counter(record.id for record, _, _ in copies)
        findings: list[Finding] = []
        for record, offer, seen in copies:
            if seen.state is CopyState.VERIFIED:
                continue
            maybe_good[record.id] -= seen.state is not None
            code = _FOUND[seen.state]
            findings.append(Finding(ref=record.ref, offer=offer, code=code, detail=seen.detail))
        for record in records:
            findings.extend(self._never_made(record))
            findings.extend(self._too_few(record, maybe_good[record.id]))
        return findings

    def _count(self, records: Sequence[ObjectRecord], copies: Sequence[Seen]) -> None:
        summary = self._summary
        summary.objects += len(records)
        summary.copies += len(copies)
        summary.bytes_read += sum(seen.bytes_read for _, _, seen in copies)
        states = Counter(seen.state for _, _, seen in copies)
        summary.verified += states[CopyState.VERIFIED]
        summary.corrupt += states[CopyState.CORRUPT]
        summary.missing += states[CopyState.MISSING]
        summary.unknown += states[None]

    def _never_made(self, record: ObjectRecord) -> Iterator[Finding]:
        owed = [one for one in self._owed(record) if self._scope.names(one.offer)]
        if not owed or not is_stored(self._context, record):
            return
        (now,) = self._context.ledger.find_ids([record.id])
        standing = {one.offer for one in self._owed(now)}  # somebody may have paid meanwhile
        for one in owed:
            if one.offer in standing:
                self._summary.owed += 1
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
        self._summary.under_strategy += 1
        yield Finding(
            ref=record.ref,
            offer=None,
            code=FindingCode.UNDER_STRATEGY,
            detail=f"{_copies(good)} at most, {strategy.required} required",
        )


def _copies(count: int) -> str:
    return f"{count} {'copy' if count == 1 else 'copies'}"
