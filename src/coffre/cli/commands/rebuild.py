"""``coffre rebuild``: the ledger, from one offer alone."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus
from coffre.cli.wording import count_text

if TYPE_CHECKING:
    from coffre.engine import Engine
    from coffre.engine.outcomes import RebuildSummary


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``rebuild``."""
    parser.add_argument("offer", metavar="OFFER", help="id of the offer to read")
    parser.add_argument("--strategy", default="default", metavar="NAME", help="strategy recorded")


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Record what the offer holds; what the ledger knows already stays as it is."""
    summary = engine.rebuild(args.offer, strategy=args.strategy)
    out.result(summary.to_json(), _line(summary))
    if summary.recovered:
        out.advice("nothing was read yet: run coffre audit to verify the copies")
    if summary.conflicts:
        out.advice("where the ledger and the offer disagree, the ledger stays: run coffre audit")
    wrong = summary.conflicts or summary.without_record or not summary.complete
    return ExitStatus.PART if wrong else ExitStatus.OK


def _line(summary: RebuildSummary) -> str:
    return (
        f"{summary.offer}: {count_text(summary.recovered, 'object')} recovered, "
        f"{summary.known} known already, {summary.conflicts} in conflict, "
        f"{summary.without_record} without an expected digest"
    )


COMMAND = Command(
    name="rebuild",
    summary="rebuild the ledger from an offer alone",
    add_arguments=add_arguments,
    run=with_engine(run),
)
