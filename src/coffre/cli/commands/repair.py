"""``coffre repair``: what is owed is paid, from copies verified in the same pass."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.output import Output
from coffre.cli.references import add_scope, reference_of
from coffre.cli.status import ExitStatus

if TYPE_CHECKING:
    from coffre.engine import Engine


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``repair``."""
    parser.add_argument("refs", nargs="*", metavar="REF", help="these objects only")
    add_scope(parser)
    parser.add_argument(
        "--release-brake", action="store_true", help="go on however many objects it touches"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Rewrite bad copies, make missing ones, do deletions that are owed."""
    from coffre.cli.repairs import run_repair, tell_plan

    refs = frozenset(reference_of(text, args) for text in args.refs) or None
    if refs is not None:
        args.tenant = args.container = None  # they completed the references; nothing is narrowed
    return (tell_plan if args.dry_run else run_repair)(args, engine, out, refs)


COMMAND = Command(
    name="repair",
    summary="rewrite bad and missing copies from verified ones",
    add_arguments=add_arguments,
    run=with_engine(run),
)
