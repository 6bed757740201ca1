"""Trying: one trial, on a bench of its own, in a thread that may hang without hanging the run."""

from __future__ import annotations

import threading
from dataclasses import replace

from coffre.conformance.bench import Bench
from coffre.conformance.broken import Broken, NotTried
from coffre.conformance.check import Trial
from coffre.conformance.duty import LIMITS, SPEED
from coffre.conformance.finding import finding_of
from coffre.conformance.harness import Harness
from coffre.conformance.masking import Mask
from coffre.conformance.report import Finding, Outcome, Verdict
from coffre.contract import SYSTEM_CLOCK, Capability, Clock

LONGER = {LIMITS: 20, SPEED: 5}
"""How many times the usual patience checks of some profiles are given."""
LAST_STEP = 0.2
"""Seconds for which a check that was given up is waited for: it does not begin another step."""
OUT_OF_TIME = "out of time"
"""Reason of what a budget did not reach."""


def attempt(
    trial: Trial,
    harness: Harness,
    *,
    seed: int,
    capabilities: frozenset[Capability],
    clock: Clock = SYSTEM_CLOCK,
    left: float | None = None,
) -> Verdict:
    """Try one trial. A driver that never returns costs a thread, and is a finding.

    Args:
        trial: what to try.
        harness: the offer.
        seed: of what it draws by chance.
        capabilities: what a session declares.
        clock: for the duration.
        left: seconds that the run has left; without bound when ``None``. A trial that takes
            longer is not tried, since nothing can be said of it.
    """
    if missing := sorted(trial.check.needs - capabilities):
        return not_tried(trial, f"the driver does not declare {missing[0].value!r}")
    begin = clock.monotonic()
    patience = harness.patience * LONGER.get(trial.check.profile, 1)
    bench = Bench(harness, seed=seed, trial=trial.id, patience=patience)
    error = _in_a_thread(trial, bench, patience if left is None else min(left, patience))
    seconds = clock.monotonic() - begin
    return Mask.of(harness).verdict(_judged(trial, bench, seed, seconds, error))


def _judged(
    trial: Trial, bench: Bench, seed: int, seconds: float, error: BaseException | None
) -> Verdict:
    """The outcome of a trial that came to an end, by what ended it."""
    if error is None:
        return _verdict(trial, Outcome.PASSED, seconds=seconds, bench=bench)
    if isinstance(error, NotTried):
        found = _verdict(trial, Outcome.NOT_TRIED, seconds=seconds, reason=str(error), bench=bench)
        return replace(found, hook=error.hook)
    finding = finding_of(trial, bench, seed, error)
    return _verdict(trial, Outcome.FAILED, seconds=seconds, finding=finding, bench=bench)


def not_tried(trial: Trial, reason: str) -> Verdict:
    """The verdict on a trial that there was no way, or no time, to try."""
    return _verdict(trial, Outcome.NOT_TRIED, reason=reason)


def _in_a_thread(trial: Trial, bench: Bench, patience: float) -> BaseException | None:
    ended: list[BaseException | None] = []

    def work() -> None:
        try:
            with bench:
                trial.run(bench)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the outcome
            ended.append(error)
        else:
            ended.append(None)

    # A daemon: a driver that never returns must not keep the process from ending.
    thread = threading.Thread(target=work, name=f"coffre-conformance-{trial.id}", daemon=True)
    thread.start()
    thread.join(patience)
    if ended:
        return ended[0]
    bench.abandon()
    thread.join(LAST_STEP)
    if thread.is_alive():
        bench.remark(
            f"{trial.id} was given up and is still at work in a thread: what it stores from now "
            "on may stay on the offer"
        )
    if patience < bench.patience:
        return NotTried(OUT_OF_TIME)
    return Broken(f"it did not come to an end within {patience:g} s")


def _verdict(
    trial: Trial,
    outcome: Outcome,
    *,
    seconds: float = 0.0,
    reason: str | None = None,
    finding: Finding | None = None,
    bench: Bench | None = None,
) -> Verdict:
    return Verdict(
        trial=trial.id,
        duty=trial.check.duty.id,
        profile=trial.check.profile,
        outcome=outcome,
        seconds=seconds,
        reason=reason,
        finding=finding,
        remarks=tuple(bench.remarks) if bench else (),
        figures=tuple(bench.figures) if bench else (),
    )
