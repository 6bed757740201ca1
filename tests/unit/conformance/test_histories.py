"""The model test finds a history that goes wrong, shortens it, and stops when time is over."""

from __future__ import annotations

import re

from coffre.conformance import Outcome, run
from coffre.conformance.bench import Bench
from coffre.conformance.histories import search
from coffre.conformance.model import Machine
from coffre.contract import Capability, GetRequest, GetResult, PutRequest, PutResult
from coffre.streams import BytesContent
from coffre.testing import LostDelete, MemoryConnection, MemoryDriver, Rule
from tests.unit.conformance.benches import harness_of, liar

SHORT = "model.same/short-histories"


def test_an_honest_driver_passes() -> None:
    assert [one.outcome for one in run(harness_of(), only=[SHORT], seed=1).verdicts] == ["passed"]


def test_a_delete_that_is_lost_is_found_and_told_in_a_few_steps() -> None:
    report = run(liar(Rule("delete", LostDelete(), times=None)), only=[SHORT], seed=1)

    (finding,) = report.findings
    assert finding.duty.id == "model.same"
    assert len(finding.done) <= 4
    assert any("delete" in step for step in finding.done)


def test_the_same_seed_finds_the_same_history() -> None:
    def seen(seed: int) -> list[str]:
        report = run(liar(Rule("delete", LostDelete(), times=None)), only=[SHORT], seed=seed)
        (finding,) = report.findings
        return [re.sub(r"\d{10}|h\d+-", "", step) for step in finding.done]

    assert seen(3) == seen(3)


class Forgetful(MemoryConnection):
    """Forgets, at the second put of a session, what the first one stored."""

    puts = 0
    first: PutRequest | None = None

    def put(self, request: PutRequest) -> PutResult:
        self.puts += 1
        self.first = self.first or request
        return super().put(request)

    def get(self, request: GetRequest) -> GetResult:
        result = super().get(request)
        if self.puts >= 2 and self.first is not None and self.first.ref == request.ref:
            return GetResult(stream=BytesContent(b"?").open(), size=result.size)
        return result


class ForgetfulDriver(MemoryDriver):
    def connect(self, parameters):  # type: ignore[no-untyped-def]
        return Forgetful(parameters, super().connect(parameters)._offer)


def test_a_fault_that_takes_several_steps_is_found() -> None:
    # What a seed draws depends on the modules that are loaded, too: hypothesis takes constants from
    # them. One search in ten or so misses this fault; eight do not.
    reports = (run(harness_of(ForgetfulDriver()), only=[SHORT], seed=seed) for seed in range(8))
    report = next(report for report in reports if report.findings)

    assert [one.outcome for one in report.verdicts] == [Outcome.FAILED]
    assert "the bytes read" in report.findings[0].seen


def test_time_that_is_over_is_told_and_no_finding() -> None:
    with Bench(harness_of()) as bench:
        assert bench.has(Capability.REPLACE)
        search(bench, Machine, histories=50, steps=50, seconds=-1.0)

        assert bench.remarks == [
            "the model test ran out of time before it had tried all its histories"
        ]
