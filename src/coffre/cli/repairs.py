"""Repairs: told copy by copy, and counted as they are told; for ``repair`` and ``audit``."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coffre.cli.interrupts import InterruptedJob
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus, status_of_code, status_of_job
from coffre.cli.wording import count_text, shortened
from coffre.engine.errors import BrakeError
from coffre.engine.ledger.records import DebtKind
from coffre.engine.outcomes import RepairAction, RepairOutcome

if TYPE_CHECKING:
    from coffre.contract import ObjectRef
    from coffre.engine import Engine

NOTHING_OWED = "nothing is owed"
_PLANNED = {DebtKind.COPY: "mend", DebtKind.DELETION: "delete"}
INTERRUPTED = "interrupted; each copy is done or not done, and the others are still owed"


def run_repair(
    args: Namespace, engine: Engine, out: Output, refs: Collection[ObjectRef] | None = None
) -> ExitStatus:
    """Pay what is owed in the scope of the command line, and tell each copy.

    Raises:
        BrakeError: too many objects, and the brake was not released.
    """
    told = _Told(out)
    try:
        with InterruptedJob(out) as interrupt:
            for outcome in _begun(args, engine, refs):
                with interrupt.telling():
                    told.add(outcome)
                interrupt.raise_if_any()
    except KeyboardInterrupt:
        told.finish(complete=False)
        out.message(INTERRUPTED)
        return ExitStatus.PART
    return told.finish(complete=True)


def tell_plan(
    args: Namespace, engine: Engine, out: Output, refs: Collection[ObjectRef] | None = None
) -> ExitStatus:
    """Tell what a repair of that scope would do, and do nothing."""
    objects, owed, last = 0, 0, None
    for one in engine.plan_repair(tenant=args.tenant, container=args.container, refs=refs):
        since = "" if one.since is None else f"  since {one.since:%Y-%m-%d}"
        text = f"would {_PLANNED[one.kind]}  {one.ref}  {one.offer}{since}  {one.code}"
        out.line(one.to_json(), f"{text}  {shortened(one.note)}" if one.note else text)
        objects, owed, last = objects + (one.ref != last), owed + 1, one.ref
    told = f"{count_text(owed, 'copy')} owed, of {count_text(objects, 'object')}"
    out.summary({"objects": objects, "owed": owed}, told if owed else NOTHING_OWED)
    return ExitStatus.OK


def _begun(
    args: Namespace, engine: Engine, refs: Collection[ObjectRef] | None
) -> Iterator[RepairOutcome]:
    try:
        return engine.repair(
            tenant=args.tenant,
            container=args.container,
            refs=refs,
            release_brake=args.release_brake,
        )
    except BrakeError as error:
        raise BrakeError(f"{error.message} (--release-brake)") from None


def _line(outcome: RepairOutcome) -> str:
    parts = [f"{outcome.action.value:<10} {outcome.ref}", outcome.offer]
    if outcome.source:
        parts.append(f"from {outcome.source}")
    if outcome.quarantined:
        parts.append(f"bad bytes kept at {outcome.quarantined}")
    if outcome.code:
        parts.append(f"{shortened(outcome.message)} [{outcome.code}]")
    return "  ".join(parts)


@dataclass(slots=True)
class _Told:
    """A repair, told copy by copy, and counted as it is told."""

    out: Output
    done: Counter[RepairAction] = field(default_factory=Counter)
    failures: set[ExitStatus] = field(default_factory=set)

    def add(self, outcome: RepairOutcome) -> None:
        self.done[outcome.action] += 1
        if outcome.action is RepairAction.FAILED:
            self.failures.add(status_of_code(outcome.code))
            self.out.failure(outcome.to_json(), _line(outcome))
        else:
            self.out.line(outcome.to_json(), _line(outcome))

    def finish(self, *, complete: bool) -> ExitStatus:
        done, failed = self.done, self.done[RepairAction.FAILED]
        told: dict[str, object] = {action.value: done[action] for action in RepairAction}
        counts = ", ".join(f"{done[one]} {one.value}" for one in RepairAction if done[one])
        text = f"{count_text(done.total(), 'copy')} owed, {counts}" if counts else NOTHING_OWED
        early = "" if complete else "stopped early: "
        self.out.summary(told | {"complete": complete}, early + text)
        if failed:
            self.out.advice("what failed is still owed: run coffre repair again, the reason gone")
        return status_of_job(done.total() - failed, self.failures)
