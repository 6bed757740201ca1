"""A run: what is chosen, what comes of it, and what is told of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from coffre.conformance import (
    CORE,
    LIMITS,
    SPEED,
    USUAL_PROFILES,
    Bench,
    Broken,
    NotTried,
    Outcome,
    Progress,
    check,
    check_each,
    expect,
    finding_text,
    run,
    select,
)
from coffre.contract import Capability, InvalidRequestError, OfferFailedError
from coffre.testing import FakeClock, FlipOnWrite, LyingDigest, MemoryDriver, Rule
from tests.unit.conformance.benches import harness_of, liar, offer_of


@check("put.whole")
def _passes(bench: Bench) -> None:
    """It puts an object."""
    with bench.session() as session:
        session.put("it")


@check("put.conflict")
def _fails(bench: Bench) -> None:
    """It puts an object, and is not content."""
    with bench.session() as session:
        session.put("it")
    raise Broken("the sky is green")


@check("put.same")
def _is_not_tried(bench: Bench) -> None:
    """It has nothing to try."""
    raise NotTried("there is nothing to try")


@check("put.names")
def _meets_something_unexpected(bench: Bench) -> None:
    """A driver raises what it must not."""
    raise OfferFailedError("the disk is on fire")


@check_each("put.result", [1, 2, 3])
def _draws(bench: Bench, case: int) -> None:
    """It notes what it draws."""
    bench.measured("drawn", bench.random.random(), "of 1")


def test_each_trial_passes_fails_or_is_not_tried() -> None:
    report = run(harness_of(), checks=[_passes, _fails, _is_not_tried], seed=7)

    outcomes = {verdict.trial: verdict.outcome for verdict in report.verdicts}
    assert outcomes == {
        "put.whole/passes": Outcome.PASSED,
        "put.conflict/fails": Outcome.FAILED,
        "put.same/is-not-tried": Outcome.NOT_TRIED,
    }
    assert not report.passed
    assert [one.reason for one in report.not_tried()] == ["there is nothing to try"]


def test_a_finding_tells_the_duty_what_was_done_what_was_seen_and_how_to_see_it_again() -> None:
    harness = harness_of()
    report = run(harness, checks=[_fails], seed=7)

    (finding,) = report.findings
    assert finding.duty.id == "put.conflict"
    assert finding.check == "It puts an object, and is not content."
    assert finding.seen == "the sky is green"
    assert len(finding.done) == 1
    assert finding.done[0].startswith("put 10 bytes under ")
    assert finding.reproduce == (
        f"coffre conform memory --url {harness.parameters.url} --only put.conflict/fails --seed 7"
    )
    assert "the sky is green" in finding_text(finding)


def test_an_error_that_nobody_expected_is_a_finding_too() -> None:
    (finding,) = run(harness_of(), checks=[_meets_something_unexpected]).findings

    assert finding.seen == "unexpectedly, OfferFailedError: the disk is on fire"
    assert finding.where is not None


def test_nothing_passes_on_an_offer_that_cannot_be_opened() -> None:
    harness = harness_of()
    offer_of(harness).online = False

    report = run(harness, checks=[_passes, _fails])

    assert report.tally.not_tried == 2
    assert not report.passed
    assert "no session could be opened" in str(report.verdicts[0].reason)


def test_what_a_driver_does_not_declare_is_not_tried() -> None:
    class Plain(MemoryDriver):
        def connect(self, parameters):  # type: ignore[no-untyped-def]
            connection = super().connect(parameters)
            connection.capabilities = frozenset()
            return connection

    report = run(harness_of(Plain()), only=["range-read.exact"])

    assert report.tally.passed == report.tally.failed == 0
    assert {one.reason for one in report.verdicts} == {"the driver does not declare 'range-read'"}


def test_a_budget_ends_the_run_and_the_rest_is_not_tried() -> None:
    clock = FakeClock()

    def tell(progress: Progress) -> None:
        clock.advance(40)

    report = run(harness_of(), checks=[_draws], budget=60, progress=tell, clock=clock)

    assert [one.outcome for one in report.verdicts] == ["passed", "passed", "not tried"]
    assert report.verdicts[-1].reason == "out of time"


def test_progress_is_told_after_each_trial() -> None:
    seen: list[tuple[int, int]] = []

    run(harness_of(), checks=[_draws], progress=lambda one: seen.append((one.done, one.total)))

    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_trial_alone_draws_what_it_drew_among_others() -> None:
    together = run(harness_of(), checks=[_draws], seed=3).figures()
    (alone,) = run(harness_of(), checks=[_draws], seed=3, only=["put.result/draws:2"]).figures()
    (other,) = run(harness_of(), checks=[_draws], seed=4, only=["put.result/draws:2"]).figures()

    assert alone == together[1]
    assert alone != other
    assert len({figure.value for figure in together}) == 3


def test_a_driver_that_never_returns_is_a_finding_and_the_run_goes_on() -> None:
    forever = threading.Event()

    @check("put.whole")
    def hangs(bench: Bench) -> None:
        """It waits."""
        forever.wait(30)

    harness = harness_of()
    harness.patience = 0.05
    report = run(harness, checks=[hangs, _passes])
    forever.set()

    assert [one.outcome for one in report.verdicts] == [Outcome.FAILED, Outcome.PASSED]
    assert "did not come to an end within 0.05 s" in report.findings[0].seen


def test_an_interrupted_check_does_not_interrupt_the_run() -> None:
    @check("put.whole")
    def interrupted(bench: Bench) -> None:
        """It is interrupted."""
        raise KeyboardInterrupt

    report = run(harness_of(), checks=[interrupted, _passes])

    assert report.tally.passed == 1


def test_a_report_can_be_written_as_json() -> None:
    report = run(harness_of(), checks=[_passes, _fails, _draws], seed=7)

    read = json.loads(json.dumps(report.to_json()))

    assert read["driver"]["name"] == "memory"
    assert read["tally"] == {"passed": 4, "failed": 1, "not_tried": 0}
    assert read["profiles"] == {"core": read["tally"]}
    assert read["verdicts"][1]["finding"]["duty"]["id"] == "put.conflict"
    assert read["seed"] == 7


def test_a_driver_that_returns_another_digest_is_caught_under_the_right_duty() -> None:
    report = run(liar(Rule("put", LyingDigest(), times=None)), only=["put.result", "put.conflict"])

    assert {finding.duty.id for finding in report.findings} == {"put.result"}


def test_a_driver_that_stores_other_bytes_is_caught_without_a_hook() -> None:
    report = run(liar(Rule("put", FlipOnWrite(), times=None)), only=["put.whole"])

    assert "put.whole" in {finding.duty.id for finding in report.findings}


# --- choosing ------------------------------------------------------------------------------------


def test_the_usual_profiles_are_all_but_the_long_ones() -> None:
    profiles = {trial.check.profile for trial in select()}

    assert profiles <= set(USUAL_PROFILES)
    assert CORE in profiles
    assert profiles.isdisjoint({LIMITS, SPEED})


@pytest.mark.parametrize(
    "name",
    [
        "put.conflict",
        "put.conflict/other-bytes-are-refused-and-change-nothing",
        "put.conflict/other-bytes-are-refused-and-change-nothing:none",
        "other-bytes-are-refused-and-change-nothing",
        "put.conf*",
    ],
)
def test_a_check_is_found_by_any_of_its_names(name: str) -> None:
    found = {trial.id for trial in select(only=[name])}

    assert "put.conflict/other-bytes-are-refused-and-change-nothing:none" in found
    assert all(trial.startswith("put.conflict/") for trial in found)


def test_an_area_is_all_its_duties() -> None:
    assert {trial.check.duty.area for trial in select(only=["list"])} == {"list"}


def test_a_name_finds_checks_of_profiles_that_were_not_asked_for() -> None:
    assert {trial.check.profile for trial in select(only=["limits.large"])} == {LIMITS}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ((["cores"], []), "cores"),
        ((None, ["put.nothing"]), "put.nothing"),
        (([str(Capability.RESUMABLE_PUT)], []), "nothing"),
    ],
)
def test_asking_for_nothing_is_refused(wanted: tuple[list[str], list[str]], says: str) -> None:
    profiles, only = wanted
    with pytest.raises(InvalidRequestError, match=says):
        select(profiles=profiles, only=only)


def test_dates_and_durations_come_from_the_clock() -> None:
    clock = FakeClock()
    start = clock.now()

    def tell(progress: Progress) -> None:
        clock.advance(2)

    report = run(harness_of(), checks=[_draws], progress=tell, clock=clock)

    assert report.started == start
    assert timedelta(seconds=report.seconds) == timedelta(seconds=6)


def test_the_kit_runs_without_pytest_and_without_hypothesis() -> None:
    program = """
import sys
for name in ("pytest", "hypothesis", "_pytest"):
    sys.modules[name] = None
from coffre.conformance import Harness, run
from coffre.contract import ConnectionParameters
from coffre.testing import MemoryDriver
harness = Harness(MemoryDriver(), ConnectionParameters(url="memory://bare"))
report = run(harness, only=["put.conflict", "model.same/short-histories"])
print(report.tally, [one.reason for one in report.not_tried()])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "failed=0" in done.stdout
    assert "hypothesis is not installed" in done.stdout


def test_expectations_are_kept_or_broken() -> None:
    expect(True, "never told")
    with pytest.raises(Broken, match="told"):
        expect([], "told")


def test_a_trial_that_the_budget_does_not_let_finish_is_not_tried() -> None:
    forever = threading.Event()

    @check("put.whole")
    def hangs(bench: Bench) -> None:
        """It waits."""
        forever.wait(30)

    report = run(harness_of(), checks=[hangs], budget=0.05)
    forever.set()

    assert [one.reason for one in report.not_tried()] == ["out of time"]
