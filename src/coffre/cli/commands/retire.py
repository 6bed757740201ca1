"""``coffre retire``: an offer is counted on no longer; nothing on it is deleted."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus
from coffre.cli.wording import count_text

if TYPE_CHECKING:
    from coffre.engine import Engine


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``retire``."""
    parser.add_argument("offer", metavar="OFFER", help="id of the offer")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept for ever")
    parser.add_argument("--author", metavar="NAME", help="who decided; by default your login name")


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Retire an offer, unless objects need it."""
    from coffre.config.opening import login_name

    author = login_name() if args.author is None else args.author
    retired = engine.retire(args.offer, author=author, reason=args.reason)
    debts = f", {count_text(retired.debts, 'debt')} struck" if retired.debts else ""
    copies = count_text(retired.copies, "copy")
    out.result(retired.to_json(), f"retired  {retired.offer}  {copies} no longer counted on{debts}")
    out.advice("nothing was deleted there; its table in the configuration can be removed now")
    return ExitStatus.OK


COMMAND = Command(
    name="retire",
    summary="count on an offer no longer; delete nothing",
    add_arguments=add_arguments,
    run=with_engine(run),
)
