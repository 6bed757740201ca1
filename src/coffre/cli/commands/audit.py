"""``coffre audit``: every copy re-read and held against its expected digest; the ledger too."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.errors import UsageError
from coffre.cli.output import Output
from coffre.cli.references import add_scope
from coffre.cli.status import ExitStatus
from coffre.cli.wording import count_text, seconds_text, shortened, size_text

if TYPE_CHECKING:
    from coffre.cli.progress import Total
    from coffre.engine import Audit, AuditSummary, Engine, Finding

INTERRUPTED = "interrupted; what was read is recorded: run the same command again to go on"

_GONE = ("deleted", "replaced", "retired")


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``audit``."""
    add_scope(parser)
    parser.add_argument(
        "--offer", action="append", dest="offers", metavar="OFFER", help="this offer only; repeat"
    )
    parser.add_argument("--restart", action="store_true", help="not where a stopped one left off")
    parser.add_argument("--threads", type=int, metavar="N", help="copies read at the same time")
    parser.add_argument("--repair", action="store_true", help="then repair what was found")
    parser.add_argument(
        "--release-brake", action="store_true", help="repair however many objects it touches"
    )
    parser.add_argument(
        "--ledger", action="store_true", help="verify the ledger's chain of events, not the copies"
    )


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Compare; with ``--repair``, mend. Findings end with status 1, repaired or not."""
    _check(args)
    if args.ledger:
        return _run_ledger(engine, out)
    audit = _audit(args, engine, out)
    if audit is None:
        return ExitStatus.PART
    _conclude(audit.summary, out, repairing=args.repair)
    if args.repair and audit.summary.findings:
        from coffre.cli.repairs import run_repair

        run_repair(args, engine, out)
    return ExitStatus.PART if audit.summary.findings else ExitStatus.OK


def _check(args: Namespace) -> None:
    """Refuse what contradicts itself.

    Raises:
        UsageError: ``--ledger`` with options that are about copies, or fewer than one thread.
    """
    if args.ledger and (args.repair or args.offers or args.tenant is not None or args.container):
        raise UsageError("--ledger verifies the whole ledger; it goes alone")
    if args.threads is not None and args.threads < 1:
        raise UsageError("--threads must be at least 1")


def _audit(args: Namespace, engine: Engine, out: Output) -> Audit | None:
    """Run the audit and print what it finds; ``None`` when it was interrupted."""
    from coffre.cli.interrupts import InterruptedJob
    from coffre.cli.progress import gauge

    with (
        gauge(out, "reading", lambda: _total(args, engine)) as bar,
        InterruptedJob(out) as interrupt,
    ):

        def reached(summary: AuditSummary) -> None:
            bar.reach(summary.objects, summary.bytes_read)
            interrupt.raise_if_any()  # everything that was recorded so far has been told

        audit = _begun(args, engine, reached)
        try:
            with closing(audit):
                for finding in audit:
                    with interrupt.telling():
                        out.result(finding.to_json(), _line(finding))
        except KeyboardInterrupt:
            out.summary(audit.summary.to_json(), f"stopped early: {_totals(audit.summary)}")
            out.message(INTERRUPTED)
            return None
    return audit


def _begun(args: Namespace, engine: Engine, progress: Callable[[AuditSummary], None]) -> Audit:
    return engine.audit(
        tenant=args.tenant,
        container=args.container,
        offers=args.offers,
        resume=not args.restart,
        threads=args.threads,
        progress=progress,
    )


def _total(args: Namespace, engine: Engine) -> Total | None:
    """How much there is to read; only known for everything."""
    from coffre.cli.progress import Total

    if args.tenant is not None or args.container is not None or args.offers:
        return None
    counts = engine.counts()
    objects = sum(n for state, n in counts.objects.items() if state == "stored")
    copies = sum(n for state, n in counts.copies.items() if state not in _GONE)
    return Total(objects, counts.bytes_stored * copies // max(objects, 1))


def _line(finding: Finding) -> str:
    detail = f"  {shortened(finding.detail)}" if finding.detail else ""
    return f"{finding.code.value:<17} {finding.ref or '-'}  {finding.offer or '-'}{detail}"


def _conclude(summary: AuditSummary, out: Output, *, repairing: bool) -> None:
    """The totals, and what to do about them."""
    out.summary(summary.to_json(), _totals(summary))
    if summary.resumed:
        out.advice(
            "this went on where an interrupted audit stopped; the totals include its part"
            + (f", and {summary.told_before} findings told then" if summary.told_before else "")
        )
    if summary.repairable and not repairing:
        out.advice("run coffre repair to rewrite bad and missing copies from verified ones")
    if summary.unknown or summary.unknown_listings:
        out.advice(
            "what could not be looked at says nothing: see what is the matter with the offers "
            "(coffre offers --check), then audit again"
        )
    if summary.unrecorded:
        out.advice("run coffre rebuild OFFER to record objects that an offer holds unrecorded")


def _totals(summary: AuditSummary) -> str:
    """Counts that add up; those that are zero and would reassure nobody are left out."""
    parts = [
        count_text(summary.objects, "object"),
        f"{count_text(summary.copies, 'copy')} looked at",
        f"{summary.verified} verified ({summary.evidence})",
    ]
    parts += [
        f"{count} {word}"
        for count, word in (
            (summary.corrupt, "corrupt"),
            (summary.missing, "missing"),
            (summary.unknown, "unknown"),
            (summary.owed, "never made"),
            (summary.unrecorded, "unrecorded"),
            (summary.deletions_owed, "to be deleted"),
            (summary.under_strategy, "under their strategy"),
            (summary.unknown_listings, "not listed"),
        )
        if count
    ]
    parts.append(count_text(summary.findings, "finding"))
    parts.append(f"{size_text(summary.bytes_read)} read in {seconds_text(summary.seconds)}")
    return ", ".join(parts)


def _run_ledger(engine: Engine, out: Output) -> ExitStatus:
    """Verify the ledger against itself."""
    found = 0
    for finding in engine.audit_ledger():
        told = {"seq": finding.seq, "code": finding.code, "detail": finding.detail}
        out.result(told, f"{finding.code:<17} event {finding.seq}  {finding.detail}")
        found += 1
    events = engine.counts().events
    out.summary(
        {"events": events, "findings": found},
        f"{count_text(events, 'event')} {'read' if found else 'verified'}, "
        f"{count_text(found, 'finding')}",
    )
    if found:
        out.advice(
            "the ledger was changed from outside: keep this file as evidence, and restore a backup "
            "or run coffre rebuild OFFER into a new ledger"
        )
    return ExitStatus.PART if found else ExitStatus.OK


COMMAND = Command(
    name="audit",
    summary="compare every copy with what is expected; change nothing",
    add_arguments=add_arguments,
    run=with_engine(run),
)
