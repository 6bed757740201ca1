"""``coffre put``: files, directories or standard input, as one job."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from coffre.cli.command import Command, with_engine
from coffre.cli.output import Output
from coffre.cli.references import add_place, reference_of
from coffre.cli.status import ExitStatus, status_of, status_of_job
from coffre.contract import Digest

if TYPE_CHECKING:
    from coffre.cli.tally import PutTally
    from coffre.engine import Engine

INTERRUPTED = (
    "interrupted; what is listed is stored, and nothing is half stored: run the same command "
    "again to go on where this stopped"
)


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``put``."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, directory, or - for stdin")
    add_place(parser)
    parser.add_argument("--id", metavar="NAME", help="identifier; by default the file's name")
    parser.add_argument("-r", "--recursive", action="store_true", help="store directories whole")
    parser.add_argument("--strategy", default="default", metavar="NAME", help="where copies go")
    parser.add_argument(
        "--digest", metavar="ALGORITHM:HEX", help="digest the bytes must have, or be refused"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be stored")


def run(args: Namespace, out: Output) -> ExitStatus:
    """Store what the paths name, once the command line is known to make sense."""
    from coffre.cli.sources import check_paths

    check_paths(args)
    return _tell(args, out) if args.dry_run else with_engine(_store)(args, out)


def _store(args: Namespace, engine: Engine, out: Output) -> ExitStatus:
    """A receipt or a refusal for each object, then the totals."""
    from coffre.cli.tally import PutTally

    tally = PutTally(out)
    try:
        complete = _run_job(args, engine, tally)
    except KeyboardInterrupt:
        complete = False
    except Exception:
        if tally.objects:  # said before the reason: what was acknowledged stands
            tally.finish(complete=False)
        raise
    status = tally.finish(complete=complete)
    if not complete:
        out.message(INTERRUPTED)
    return status


def _run_job(args: Namespace, engine: Engine, tally: PutTally) -> bool:
    """Run the job; return whether it went to its end."""
    from coffre.cli.sources import STDIN

    if args.paths == [STDIN]:
        ref = reference_of(args.id, args)
        tally.add(engine.put(sys.stdin.buffer, ref, strategy=args.strategy, digest=_digest(args)))
        return True
    return _run_bulk(args, engine, tally)


def _run_bulk(args: Namespace, engine: Engine, tally: PutTally) -> bool:
    """Run a job over files. A Ctrl-C stops feeding it: every answer is still told."""
    from coffre.cli.interrupts import InterruptedJob
    from coffre.cli.progress import gauge
    from coffre.cli.sources import items_of, measure, until
    from coffre.cli.watching import watched

    with (
        gauge(tally.out, "storing", lambda: measure(items_of(args))) as bar,
        InterruptedJob(tally.out) as interrupt,
    ):
        items = until(lambda: interrupt.asked, items_of(args))
        feed = watched(items, bar.pass_by) if bar.visible else items
        for answer in engine.put_many(feed, strategy=args.strategy):
            with interrupt.telling():
                tally.add(answer)
            bar.reach(tally.objects, tally.size)
    return not interrupt.asked


def _digest(args: Namespace) -> Digest | None:
    return None if args.digest is None else Digest.parse(args.digest)


def _tell(args: Namespace, out: Output) -> ExitStatus:
    """Say what would be stored, and change nothing."""
    from coffre.cli.sources import items_of
    from coffre.cli.wording import count_text
    from coffre.engine.outcomes import Refusal

    taken, failures = 0, set()
    for item in items_of(args):
        if isinstance(item, Refusal):
            failures.add(status_of(item.error))
            out.failure(item.to_json(), f"refused  {item.error.message} [{item.error.code}]")
        else:
            taken += 1
            told = {"ref": str(item.ref), "name": item.name}
            out.line(told, f"would store  {item.ref}  from {item.name}")
    out.summary({"would_store": taken}, f"{count_text(taken, 'object')} would be stored")
    return status_of_job(taken, failures)


COMMAND = Command(
    name="put", summary="store files, directories or stdin", add_arguments=add_arguments, run=run
)
