"""Trials: a run of the conformance kit, told as it goes on, and what it comes to."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from coffre.cli.output import Output
from coffre.cli.wording import count_text, seconds_text

if TYPE_CHECKING:
    from coffre.conformance import Report, Tally, Verdict

HEADINGS = ("PROFILE", "OUTCOME", "PASSED", "FAILED", "NOT TRIED")
TEST_FILE = "docs/how-to/write-a-driver.md"
"""Page that tells how to give the kit the means to look behind a driver's back."""
FIGURES = ("FIGURE", "VALUE", "UNIT")


class TrialTally:
    """What a run has come to so far."""

    def __init__(self, out: Output) -> None:
        """Count from nothing.

        Args:
            out: where findings are told.
        """
        self._out = out
        self.verdicts: list[Verdict] = []

    def add(self, verdict: Verdict) -> None:
        """Count one outcome; tell it when it is a finding.

        Programs get the whole report as one document at the end, and people a line here.
        """
        self.verdicts.append(verdict)
        if verdict.finding is None:
            return
        if self._out.as_json:
            self._out.message(f"failed  {verdict.trial}: {verdict.finding.seen}")
            return
        from coffre.conformance import finding_text

        self._out.result({}, f"failed  {verdict.trial}")
        for line in finding_text(verdict.finding).splitlines():
            self._out.result({}, f"  {line}")

    @property
    def text(self) -> str:
        """The counts so far, as a person reads them."""
        from coffre.conformance import Tally

        return tally_text(Tally.of(self.verdicts))


def tell_report(report: Report, again: str, out: Output) -> None:
    """The end of a run: one document, or a table, what was not tried, figures and the sum.

    Args:
        report: the whole run.
        again: the command that would do it again, but for its seed.
        out: where to.
    """
    if out.as_json:
        out.result(report.to_json(), "")
        return
    out.table(HEADINGS, profile_rows(report.by_profile()))
    for line in _details(report):
        out.result({}, line)
    if figures := report.figures():
        out.table(FIGURES, [(one.name, f"{one.value:,.6g}", one.unit) for one in figures])
    driver = f"{report.driver} {report.driver_version}"
    contract = f"contract {report.contract}"
    took = seconds_text(report.seconds)
    out.result({}, f"{driver}, {contract}: {tally_text(report.tally)}, {took}, seed {report.seed}")
    if any(one.hook for one in report.not_tried()):
        out.advice(f"what a command has no means to try, a test file has: {TEST_FILE}")
    if report.findings:
        out.advice(f"the same again: {again} --seed {report.seed}")


def profile_rows(tallies: Mapping[str, Tally]) -> Iterator[tuple[str, ...]]:
    """One row a profile, with its outcome."""
    from coffre.conformance.certificate import outcome_of

    for name, tally in tallies.items():
        counts = map(str, (tally.passed, tally.failed, tally.not_tried))
        yield name, str(outcome_of(tally)), *counts


def tally_text(tally: Tally) -> str:
    """``12 passed, 1 failed, 3 not tried``."""
    return f"{tally.passed} passed, {tally.failed} failed, {tally.not_tried} not tried"


def reason_line(reason: str, count: int) -> str:
    """Why so many trials were not tried, on one line."""
    return f"not tried  {count_text(count, 'trial')}: {reason}"


def _details(report: Report) -> Iterator[str]:
    from coffre.conformance.certificate import untried

    for reason, trials in untried(report).items():
        yield reason_line(reason, len(trials))
    for remark in report.remarks():
        yield f"remark  {remark}"


def command_of(driver: str, url: str, given: list[str], tenants: list[int] | None) -> str:
    """The command line that tries the same offer again; secrets stand in it by their place."""
    words = ["coffre", "conform", driver, "--url", url]
    for text in given:
        words += ["--param", text]
    for tenant in tenants or ():
        words += ["--tenant", str(tenant)]
    return shlex.join(words)
