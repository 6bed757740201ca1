"""``coffre sweep``: leftovers of puts that died are removed from the offers."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus, status_of_code, status_of_job
from coffre.cli.wording import count_text, size_text
from coffre.contract import UnsupportedOperationError

if TYPE_CHECKING:
    from coffre.engine import Engine, SweepOutcome

AN_HOUR = 3600.0


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``sweep``."""
    parser.add_argument("offer", nargs="?", metavar="OFFER", help="this offer only")
    parser.add_argument(
        "--older-than",
        type=float,
        default=AN_HOUR,
        metavar="SECONDS",
        help="only what nobody touched for so long (3600)",
    )


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """One line an offer. Those that leave nothing behind are no failure, unless asked for."""
    swept, failures = 0, set()
    for outcome in engine.sweep(args.offer, older_than=args.older_than):
        needs_none = outcome.code == UnsupportedOperationError.code and args.offer is None
        if outcome.code and not needs_none:
            failures.add(status_of_code(outcome.code))
            out.failure(outcome.to_json(), _line(outcome))
        else:
            swept += 1
            out.line(outcome.to_json(), _line(outcome))
    return status_of_job(swept, failures)


def _line(outcome: SweepOutcome) -> str:
    if outcome.code:
        return f"not swept  {outcome.offer}  {outcome.message} [{outcome.code}]"
    removed, kept = count_text(outcome.removed, "leftover"), f"{outcome.kept} kept"
    return f"swept  {outcome.offer}  {removed} removed, {kept}, {size_text(outcome.freed)} freed"


COMMAND = Command(
    name="sweep",
    summary="remove what puts that died left on the offers",
    add_arguments=add_arguments,
    run=with_engine(run),
)
