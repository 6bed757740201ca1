"""Findings: what a person needs who was not there, and how to see it again."""

from __future__ import annotations

import shlex
import traceback
from pathlib import Path

from coffre.conformance.bench import Bench
from coffre.conformance.broken import Broken, told
from coffre.conformance.check import Trial
from coffre.conformance.harness import Harness
from coffre.conformance.report import Finding
from coffre.contract import Secret

HERE = Path(__file__).parent


def finding_of(trial: Trial, bench: Bench, seed: int, error: BaseException) -> Finding:
    """Tell of one trial that failed.

    Args:
        trial: which one.
        bench: where it was tried; its trace tells what was done.
        seed: of the run.
        error: what ended it.
    """
    expected = isinstance(error, Broken)
    return Finding(
        duty=trial.check.duty,
        check=trial.check.sentence,
        done=bench.trace.steps(),
        seen=str(error) if expected else f"unexpectedly, {told(error)}",
        reproduce=f"{command_of(bench.harness)} --only {shlex.quote(trial.id)} --seed {seed}",
        where=_where(error.__cause__ if expected else error),
    )


def _where(error: BaseException | None) -> str | None:
    """The frames outside the kit: those of the driver, which its author knows."""
    if error is None:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if HERE not in Path(frame.filename).parents]
    return "".join(traceback.format_list(outside[-4:])).rstrip() or None


def command_of(harness: Harness) -> str:
    """How a person runs the kit on this offer again; secrets are named and left out."""
    if harness.command is not None:
        return harness.command
    words = ["coffre", "conform", harness.driver.name, "--url", harness.parameters.url]
    for name, value in harness.parameters.values:
        shown = "***" if isinstance(value, Secret) else _as_text(value)
        words += ["--param", f"{name}={shown}"]
    return shlex.join(words)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def finding_text(finding: Finding) -> str:
    """One finding as a person reads it."""
    lines = [
        f"duty {finding.duty.id}: {finding.duty.text}",
        f"  source: {finding.duty.source}",
        f"  check:  {finding.check}",
        *(f"  did:    {step}" for step in finding.done),
        f"  seen:   {finding.seen}",
        f"  again:  {finding.reproduce}",
    ]
    if finding.where:
        lines += [f"  {line}" for line in finding.where.splitlines()]
    return "\n".join(lines)
