"""Repairs: told copy by copy, and counted as they are told; for ``repair`` and ``audit``."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from coffre.cli.output import Output
from coffre.cli.status import ExitStatus, status_of_code, status_of_job
from coffre.cli.wording import count_text
from coffre.engine.errors import BrakeError
from coffre.engine.outcomes import RepairAction, RepairOutcome

if TYPE_CHECKING:
    from coffre.contract import ObjectRef
    from coffre.engine import Engine

INTERRUPTED = "interrupted; each copy is done or not done, and the others are still owed"


def run_repair(
    args: Namespace, engine: Engine, out: Output, refs: Collection[ObjectRef] | None = None
) -> ExitStatus:
    """Pay what is owed in the scope of the command line, and tell each copy.

    Raises:
        BrakeError: too many objects, and the brake was not released.
    """
    done: Counter[RepairAction] = Counter()
    failures: set[ExitStatus] = set()
    try:
        for outcome in _begun(args, engine, refs):
            done[outcome.action] += 1
            if outcome.action is RepairAction.FAILED:
                failures.add(status_of_code(outcome.code))
                out.failure(outcome.to_json(), _line(outcome))
            else:
                out.line(outcome.to_json(), _line(outcome))
    except KeyboardInterrupt:
        _conclude(done, out, complete=False)
        out.message(INTERRUPTED)
        return ExitStatus.PART
    _conclude(done, out, complete=True)
    return status_of_job(done.total() - done[RepairAction.FAILED], failures)


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
        parts.append(f"{outcome.message} [{outcome.code}]")
    return "  ".join(parts)


def _conclude(done: Counter[RepairAction], out: Output, *, complete: bool) -> None:
    told: dict[str, object] = {action.value: done[action] for action in RepairAction}
    counts = ", ".join(f"{done[action]} {action.value}" for action in RepairAction if done[action])
    text = f"{count_text(done.total(), 'copy')} owed: {counts}" if counts else "nothing is owed"
    out.summary(told | {"complete": complete}, text if complete else f"stopped early: {text}")
    if done[RepairAction.FAILED]:
        out.advice("what failed is still owed: run coffre repair again once the reason is gone")
