"""``coffre conform``: a driver is tried against the contract, on a real offer, by anyone.

Each check stores objects of its own under a scratch tenant that was found empty, and deletes them
again; nothing else on the offer is touched.
"""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from itertools import chain
from typing import TYPE_CHECKING

from coffre.cli.command import Command
from coffre.cli.errors import InterruptedJobError, UsageError
from coffre.cli.output import Output
from coffre.cli.status import ExitStatus
from coffre.contract import ConnectionParameters, Driver, InvalidRequestError

if TYPE_CHECKING:
    from coffre.cli.papers import Papers
    from coffre.conformance import Harness, Progress, Report, Trial

STOPPED = "somebody stopped the run"


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of ``conform``."""
    parser.add_argument("driver", nargs="?", metavar="DRIVER", help="name of an installed driver")
    parser.add_argument("--url", metavar="URL", help="the offer it is tried on")
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        dest="params",
        metavar="NAME=VALUE",
        help="a parameter of the driver; a secret as NAME=env:VARIABLE or NAME=file:PATH; repeat",
    )
    parser.add_argument(
        "--profile",
        action="append",
        dest="profiles",
        metavar="NAME",
        help="this profile only; repeat (all but limits and speed)",
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="PATTERN", help="these trials only; repeat"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of what is drawn by chance")
    parser.add_argument("--budget", metavar="TIME", help="begin no trial after 90s, 5m, 1h")
    parser.add_argument(
        "--tenant",
        action="append",
        type=int,
        dest="tenants",
        metavar="N",
        help="an empty tenant to try on, where the service knows only some; repeat",
    )
    parser.add_argument(
        "--prepare", action="store_true", help="first make the new, empty place an offer"
    )
    parser.add_argument("--list", action="store_true", help="what would be tried, and try nothing")
    parser.add_argument("--report", metavar="FILE", help="keep a page for people (HTML)")
    parser.add_argument("--certificate", metavar="FILE", help="keep a signed document; with --key")
    parser.add_argument("--key", metavar="FILE", help="private key that signs it")
    parser.add_argument("--badge", metavar="FILE", help="keep a picture for a README (SVG)")
    parser.add_argument("--new-key", metavar="FILE", help="make a private key, and do nothing else")


def run(args: Namespace, out: Output) -> ExitStatus:
    """Try what was asked for; findings end with status 1."""
    if args.new_key is not None:
        from coffre.cli.papers import make_key

        return make_key(args, out)
    trials = _trials(args)
    if args.list:
        return _list(trials, out)
    return _run(args, trials, out)


def _run(args: Namespace, trials: list[Trial], out: Output) -> ExitStatus:
    """Everything that can be refused is refused before anything is stored."""
    from coffre.cli.papers import Papers
    from coffre.cli.reaching import prepare, reach
    from coffre.cli.trials import tell_report

    budget = _budget(args)
    driver, parameters = _offer(args)
    papers = Papers.of(args)
    if args.prepare:
        prepare(driver, parameters, out)
    reach(driver, parameters, out)
    harness = _harness(args, driver, parameters)
    report = _tried(args, harness, len(trials), budget, out)
    tell_report(report, _again(args, harness), out)
    _keep(papers, report, out)
    return _status(report)


# --- what is asked ---------------------------------------------------------------------------


def _trials(args: Namespace) -> list[Trial]:
    """What a run would try.

    Raises:
        UsageError: there is nothing of that name.
    """
    from coffre.conformance import select

    try:
        return select(profiles=args.profiles, only=args.only)
    except InvalidRequestError as error:
        raise UsageError(f"{error.message}; coffre conform --list tells the trials") from None


def _list(trials: list[Trial], out: Output) -> ExitStatus:
    for trial in trials:
        told = {
            "trial": trial.id,
            "profile": trial.check.profile,
            "duty": trial.check.duty.id,
            "check": trial.check.sentence,
        }
        out.result(told, f"{trial.check.profile:<14} {trial.id}")
    return ExitStatus.OK


def _budget(args: Namespace) -> float | None:
    from coffre.cli.durations import seconds_of

    if args.seed is not None and args.seed < 0:
        raise UsageError("--seed must be 0 or more")
    return None if args.budget is None else seconds_of(args.budget)


def _offer(args: Namespace) -> tuple[Driver, ConnectionParameters]:
    """The driver and the parameters of the offer.

    Raises:
        UsageError: one is missing, or cannot be read.
        CoffreError: the driver cannot be used, or does not take these parameters.
    """
    from coffre.cli.parameters import read_parameters
    from coffre.manager import load_driver

    if args.driver is None:
        raise UsageError("which driver? coffre drivers lists those that are installed")
    driver = load_driver(args.driver)
    if args.url is None:
        raise UsageError("which offer? name one that the driver may be tried on: --url URL")
    return driver, read_parameters(driver, args.url, args.params)


def _harness(args: Namespace, driver: Driver, parameters: ConnectionParameters) -> Harness:
    from coffre.cli.trials import command_of
    from coffre.conformance import Harness

    harness = Harness(driver, parameters)
    harness.command = command_of(args.driver, args.url, args.params, args.tenants)
    harness.tenants = tuple(args.tenants or ())
    return harness


def _again(args: Namespace, harness: Harness) -> str:
    """The whole run as a command line, but for its seed."""
    chosen = [("--profile", name) for name in args.profiles or ()]
    chosen += [("--only", pattern) for pattern in args.only]
    return shlex.join([*shlex.split(harness.command or ""), *chain.from_iterable(chosen)])


# --- trying it -------------------------------------------------------------------------------


def _tried(
    args: Namespace, harness: Harness, total: int, budget: float | None, out: Output
) -> Report:
    """Run. A Ctrl-C lets the check in hand end and clean up; a second one does not.

    Raises:
        InterruptedJobError: somebody insisted.
    """
    from coffre.cli.interrupts import InterruptedJob
    from coffre.cli.progress import counter
    from coffre.cli.trials import TrialTally
    from coffre.conformance import run as run_kit

    tally = TrialTally(out)
    try:
        with counter(out, "trying", total, "trials") as bar, InterruptedJob(out) as interrupt:

            def reached(progress: Progress) -> None:
                with interrupt.telling():
                    tally.add(progress.verdict)
                bar.reach(progress.done, 0)

            return run_kit(
                harness,
                profiles=args.profiles,
                only=args.only,
                seed=args.seed,
                budget=budget,
                progress=reached,
                stopped=lambda: STOPPED if interrupt.asked else None,
            )
    except KeyboardInterrupt:
        raise InterruptedJobError(
            f"stopped at once, after {tally.text}; what the check in hand had stored may still be "
            "on the offer, under a tenant with ten digits"
        ) from None


def _keep(papers: Papers, report: Report, out: Output) -> None:
    """Write what was asked for; a run that was stopped is told, and not certified."""
    papers.keep_page(report, out)
    if any(one.reason == STOPPED for one in report.verdicts):
        if papers.certifies:
            out.message("the run was stopped: neither certificate nor badge was written")
        return
    papers.keep_certificate(report, out)


def _status(report: Report) -> ExitStatus:
    """Nothing failed, and something was tried: only that is *done*."""
    stopped = any(one.reason == STOPPED for one in report.verdicts)
    return ExitStatus.OK if report.passed and not stopped else ExitStatus.PART


COMMAND = Command(
    name="conform",
    summary="try a driver against the contract, on a scratch tenant of a real offer",
    add_arguments=add_arguments,
    run=run,
)
