"""``coffre ls``: the objects of a container, sorted, in constant memory."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.output import Output
from coffre.cli.references import add_place, place_of
from coffre.cli.status import ExitStatus
from coffre.contract import as_text

if TYPE_CHECKING:
    from coffre.engine import Engine
    from coffre.engine.outcomes import ObjectStatus


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``ls``."""
    parser.add_argument(
        "prefix",
        nargs="?",
        default="",
        metavar="PREFIX",
        help="identifiers that begin so, or tenant/container/PREFIX",
    )
    add_place(parser)
    parser.add_argument("--after", metavar="IDENTIFIER", help="begin after this one")


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """One line an object: size in bytes, verified copies, time of deposit, identifier, name."""
    tenant, container, prefix = _place(args)
    for status in engine.list(tenant, container, prefix=prefix, after=args.after):
        out.result(status.to_json(), _line(status))
    return ExitStatus.OK


def _place(args: Namespace) -> tuple[int, str, str]:
    """Where to list, and from which identifiers on."""
    tenant, container = place_of(args)
    prefix = args.prefix
    parts = prefix.split("/", 2)
    if len(parts) == 3 and parts[0].isdigit() and parts[0].isascii():
        tenant, container, prefix = int(parts[0]), parts[1], parts[2]
    return tenant, container, prefix


def _line(status: ObjectStatus) -> str:
    copies = f"{status.verified}/{status.counted}"
    when = as_text(status.deposited_at)
    identifier = status.ref.identifier
    name = status.metadata.get("name", identifier)
    shown = identifier if name == identifier else f"{identifier}  {name}"
    return f"{status.size:>14}  {copies:>5}  {when}  {shown}"


COMMAND = Command(
    name="ls",
    summary="list the objects of a container",
    add_arguments=add_arguments,
    run=with_engine(run),
)
