"""The page of the commands, from the parser that reads them."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from coffre.cli import status
from coffre.cli.main import build_parser

HEAD = """\
# Commands

<!-- Made by `make docs` from the command line's own parser. Edit that. -->

`REF` is `tenant/container/identifier`, or the identifier alone with `--tenant` (0) and
`--container` (`object`).

With `--json`, results are one JSON document a line on standard output; a job ends with
`{"summary": ...}`, a command that failed with `{"error": ...}` ([errors](errors.md)). Messages for
people always go to standard error. These options may stand before the command or after it:
"""

SEVERAL = """\
A job over several objects ends with the status of its failures when nothing else happened and they
agree, and with 1 when something was done as well. A command stopped with Ctrl-C ends with 1 and
says what was done."""

WIDTH = 100


def commands_page() -> str:
    """The whole page."""
    parser = build_parser()
    lines = [HEAD, *options(parser), ""]
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    common = {option for action in parser._actions for option in action.option_strings}
    for name, command in commands.choices.items():
        lines += section(name, command, common)
    lines += ["## Exit statuses", "", *statuses()]
    return "\n".join(lines).rstrip() + "\n"


def section(name: str, command: argparse.ArgumentParser, common: set[str]) -> Iterator[str]:
    """One command: what it does, how it is written, its arguments."""
    summary = command.description or ""
    yield from (f"## `coffre {name}`", "", summary[:1].upper() + summary[1:] + ".", "")
    yield from ("```", usage(command, common), "```", "")
    arguments = list(options(command, common))
    if arguments:
        yield from (*arguments, "")


def usage(command: argparse.ArgumentParser, common: set[str]) -> str:
    """The usage line, without what every command has, whatever the terminal's width."""
    own = [action for action in command._actions if not common & set(action.option_strings)]
    formatter = argparse.HelpFormatter(prog=command.prog, width=WIDTH)
    formatter.add_usage(None, own, command._mutually_exclusive_groups, prefix="")
    return formatter.format_help().rstrip()


def options(parser: argparse.ArgumentParser, without: set[str] | None = None) -> Iterator[str]:
    """A table of the arguments."""
    rows = []
    for action in parser._actions:
        if (without or {"-h"}) & set(action.option_strings) or not action.help:
            continue
        rows.append(f"| {spelling(action)} | {action.help.replace('|', '/')} |")
    if rows:
        yield from ("| argument | meaning |", "|---|---|", *rows)


def spelling(action: argparse.Action) -> str:
    """How an argument is written."""
    value = action.metavar or action.dest
    if not action.option_strings:
        return f"`{value}`"
    takes_value = action.nargs != 0
    return ", ".join(
        f"`{each} {value}`" if takes_value else f"`{each}`" for each in action.option_strings
    )


def statuses() -> Iterator[str]:
    """A table of the exit statuses, from the enumeration and the strings under its members."""
    module = ast.parse(Path(status.__file__).read_text(encoding="utf-8"))
    (body,) = (
        node.body
        for node in module.body
        if isinstance(node, ast.ClassDef) and node.name == "ExitStatus"
    )
    yield from ("| status | name | meaning |", "|---|---|---|")
    for node, below in pairwise(body):
        match node, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int(number))),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield f"| {number} | `{name}` | {' '.join(text.split())} |"
    yield from ("", SEVERAL)
