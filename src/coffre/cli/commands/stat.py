"""``coffre stat``: what is known of one object and of each of its copies, and since when."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.output import Output
from coffre.cli.references import add_place, reference_of
from coffre.cli.status import ExitStatus
from coffre.cli.wording import count_text, size_text
from coffre.contract import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coffre.engine import Engine
    from coffre.engine.outcomes import CopyStatus, ObjectStatus

HEADINGS = ("OFFER", "STATE", "EVIDENCE", "CHECKED AT", "OWED", "NOW")


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``stat``."""
    parser.add_argument("ref", metavar="REF", help="tenant/container/identifier, or identifier")
    add_place(parser)
    parser.add_argument("--ask", action="store_true", help="ask each offer now, without reading")


def run(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """Tell what the ledger knows, and with ``--ask`` what the offers say now."""
    status = engine.stat(reference_of(args.ref, args), ask=args.ask)
    if out.as_json:
        out.result(status.to_json(), "")
        return ExitStatus.OK
    for name, value in _facts(status):
        out.result({}, f"{name:<10} {value}")
    out.table(HEADINGS, map(_row, status.copies))
    return ExitStatus.OK


def _facts(status: ObjectStatus) -> Iterator[tuple[str, str]]:
    yield "object", str(status.ref)
    yield "size", f"{status.size} bytes ({size_text(status.size)})"
    yield "digest", str(status.digest)
    yield "deposited", as_text(status.deposited_at)
    yield "strategy", status.strategy
    yield from sorted(status.metadata.items())
    yield "copies", f"{count_text(status.verified, 'verified copy')} of {status.counted}"


def _row(copy: CopyStatus) -> tuple[str, ...]:
    evidence = "" if copy.evidence is None else str(copy.evidence)
    checked = "" if copy.checked_at is None else as_text(copy.checked_at)
    told = (copy.offer, copy.state, evidence, checked, copy.owed, copy.now)
    return tuple(value or "-" for value in told)


COMMAND = Command(
    name="stat",
    summary="what is known of an object and of its copies",
    add_arguments=add_arguments,
    run=with_engine(run),
)
