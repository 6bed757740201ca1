"""``coffre``: reads the command line, runs one command, turns its end into an exit status.

No mistake of a user, and no failure of an offer, ever ends in a traceback. What does is a bug:
status 70, and the traceback itself only when ``COFFRE_DEBUG`` is set.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from coffre import __version__
from coffre.cli.commands import COMMANDS
from coffre.cli.errors import InterruptedJobError, ReaderGoneError, UsageError
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus, status_of
from coffre.contract import CoffreError

EPILOG = """\
exit status: 0 done; 1 findings, or only part done; 2 usage or configuration; 3 not found;
4 refused (conflict, forbidden, invalid); 5 not enough good copies; 6 offer or ledger
unavailable; 70 a bug in coffre
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: what follows ``coffre``; the command line of this process when ``None``.

    Returns:
        The exit status.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    out = Output(sys.stdout, sys.stderr, as_json="--json" in words)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a test's stand-in may have none
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    return int(_guarded(words, out))


def _guarded(words: Sequence[str], out: Output) -> ExitStatus:
    """Run, and end well whatever happens."""
    try:
        status = _run(words, out)
        out.flush()
        return status
    except ReaderGoneError:
        _drop(out)
        return ExitStatus.PART
    except KeyboardInterrupt:
        return _told(InterruptedJobError("interrupted; run it again to go on"), out)
    except CoffreError as error:
        return _told(error, out)
    except Exception as error:  # noqa: BLE001 - the last resort is here, and it says so
        return _told(_bug(error), out)


def _run(words: Sequence[str], out: Output) -> ExitStatus:
    args = build_parser().parse_args(words)
    out.as_json, out.quiet = args.json, args.quiet
    status: ExitStatus = args.command.run(args, out)
    return status


def _told(error: CoffreError, out: Output) -> ExitStatus:
    try:
        out.error(error)
        out.flush()
    except (ReaderGoneError, CoffreError):
        _drop(out)
    return status_of(error)


def _drop(out: Output) -> None:
    """Leave nothing for the interpreter to flush into a pipe that nobody reads."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.stdout.fileno())
    except (OSError, ValueError):
        return  # not a stream of the system: there is nothing to be flushed into


class _InternalError(CoffreError):
    """An error that coffre did not raise on purpose."""

    code = "internal"


def _bug(error: Exception) -> CoffreError:
    """What to say of a bug: where it is, and never what the exception says, which may be secret."""
    if os.environ.get("COFFRE_DEBUG"):
        traceback.print_exception(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return _InternalError(
        f"this is a bug in coffre: {type(error).__name__} in {Path(place.filename).name}, line "
        f"{place.lineno}; what was acknowledged before stands. Please report it with what "
        "COFFRE_DEBUG=1 shows"
    )


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors like any other."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="coffre",
        description="Keeps digital archives on storage offers: N verified copies, audit, repair.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"coffre {__version__}")
    _add_common(parser, default=True)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for command in COMMANDS:
        added = commands.add_parser(
            command.name, help=command.summary, description=command.summary, allow_abbrev=False
        )
        command.add_arguments(added)
        _add_common(added, default=False)
        added.set_defaults(command=command)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, default: bool) -> None:
    """Options that every command has, before its name or after.

    Only one of the two places may set the default: the other would undo what was given.
    """

    def otherwise(value: object) -> object:
        return value if default else argparse.SUPPRESS

    parser.add_argument(
        "--json", action="store_true", default=otherwise(False), help="results as JSON lines"
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=otherwise(None),
        help="configuration (coffre.toml, then $COFFRE_CONFIG)",
    )
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=otherwise(False),
        help="totals and problems only",
    )


if __name__ == "__main__":
    sys.exit(main())
