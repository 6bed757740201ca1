"""The pytest face: a class to subclass, whose every trial is a test of its own.

The checks are the same as those of ``coffre conform``; pytest only chooses and reports them.
Needs the extra ``coffre[conformance]``; the rest of the kit does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from coffre.conformance.check import Trial
from coffre.conformance.duty import USUAL_PROFILES
from coffre.conformance.finding import finding_text
from coffre.conformance.harness import Harness
from coffre.conformance.report import Outcome
from coffre.conformance.trying import attempt


class DriverConformance:
    """What a driver owes. Subclass it, and give it a fixture named ``harness``."""

    profiles: ClassVar[tuple[str, ...]] = USUAL_PROFILES
    """Profiles that are collected; ``--conformance-profile`` on the command line goes before."""
    excused: ClassVar[Mapping[str, str]] = {}
    """Duties or trials that are not tried, by id, each with the reason, which is reported."""

    def test_duty(
        self,
        harness: Harness,
        conformance_trial: Trial,
        conformance_seed: int,
        request: pytest.FixtureRequest,
    ) -> None:
        """One trial; which one, the plugin says."""
        if reason := self._excuse(conformance_trial):
            pytest.skip(reason)
        with harness.driver.connect(harness.parameters) as connection:
            capabilities = connection.capabilities
        verdict = attempt(
            conformance_trial, harness, seed=conformance_seed, capabilities=capabilities
        )
        if verdict.outcome is Outcome.NOT_TRIED:
            pytest.skip(f"not tried: {verdict.reason}")
        if verdict.finding is not None:
            again = f"pytest '{request.node.nodeid}' --conformance-seed {conformance_seed}"
            pytest.fail(finding_text(replace(verdict.finding, reproduce=again)), pytrace=False)

    def _excuse(self, trial: Trial) -> str | None:
        return self.excused.get(trial.id) or self.excused.get(trial.check.duty.id)
