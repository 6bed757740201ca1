"""``coffre rm``: delete one object, by an order that somebody signs and explains."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.output import Output
from coffre.cli.references import add_place, reference_of
from coffre.cli.status import ExitStatus
from coffre.cli.wording import count_text, listed

if TYPE_CHECKING:
    from coffre.contract import ObjectRef
    from coffre.engine import Engine
    from coffre.engine.outcomes import Deletion


_GONE = ("deleted", "retired")


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``rm``."""
    parser.add_argument("ref", metavar="REF", help="tenant/container/identifier, or identifier")
    add_place(parser)
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept for ever")
    parser.add_argument("--author", metavar="NAME", help="who decided; by default your login name")
    parser.add_argument("--dry-run", action="store_true", help="say what would be deleted")


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Delete every copy; those that cannot be deleted now are owed."""
    from coffre.config.opening import login_name
    from coffre.engine import DeletionOrder

    ref = reference_of(args.ref, args)
    author = login_name() if args.author is None else args.author
    order = DeletionOrder(ref=ref, reason=args.reason, author=author)
    if args.dry_run:
        return _tell(ref, engine, out)
    deletion = engine.delete(order)
    out.result(deletion.to_json(), _line(deletion))
    if deletion.owed:
        offers = listed(f"{offer} ({code})" for offer, code in sorted(deletion.owed.items()))
        out.advice(f"the deletion is owed on {offers}: run coffre repair once it can be done")
        return ExitStatus.PART
    return ExitStatus.OK


def _line(deletion: Deletion) -> str:
    copies = count_text(len(deletion.deleted), "copy")
    where = f" ({', '.join(deletion.deleted)})" if deletion.deleted else ""
    owed = f", {len(deletion.owed)} owed" if deletion.owed else ""
    return f"deleted  {deletion.ref}  {copies}{where}{owed}  order {deletion.order}"


def _tell(ref: ObjectRef, engine: Engine, out: Output) -> ExitStatus:
    """Say what would be deleted, and change nothing."""
    offers = [copy.offer for copy in engine.stat(ref).copies if copy.state not in _GONE]
    out.result(
        {"ref": str(ref), "would_delete": offers},
        f"would delete  {ref}  on {', '.join(offers)}",
    )
    return ExitStatus.OK


COMMAND = Command(
    name="rm",
    summary="delete an object, by order",
    add_arguments=add_arguments,
    run=with_engine(run),
)
