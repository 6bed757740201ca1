"""``coffre init``: a commented configuration, and two offers in directories to try it with."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from coffre.cli.command import Command
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``init``."""
    parser.add_argument("directory", nargs="?", default=".", metavar="DIR", help="where (here)")


def run(args: Namespace, out: Output) -> ExitStatus:
    """Write ``coffre.toml``; one that is there already stays as it is."""
    from coffre.config import write_configuration

    made = [str(path) for path in write_configuration(args.directory)]
    if out.as_json:
        out.result({"made": made}, "")
    else:
        for path in made:
            out.line({}, f"made  {path}")
    out.advice(f"look through {made[0]}, then store something: coffre put PATH")
    return ExitStatus.OK


COMMAND = Command(
    name="init",
    summary="write a coffre.toml with two offers to begin with",
    add_arguments=add_arguments,
    run=run,
)
