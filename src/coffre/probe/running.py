"""Running: every trial of one offer, in order, cleaned up, and recorded with its date."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from coffre import __version__
from coffre.conformance import Bench, Check, NotTried, Outcome, Verdict
from coffre.conformance.check import Body
from coffre.conformance.trying import attempt, not_tried
from coffre.contract import (
    SYSTEM_CLOCK,
    Capability,
    Clock,
    CoffreError,
    ConnectionParameters,
    DeleteRequest,
    Driver,
    OfferUnavailableError,
    as_text,
)
from coffre.probe.record import ProbeRecord, Subject, TrialRecord
from coffre.probe.scratch import Scratch
from coffre.probe.settings import DEFAULT_SETTINGS, ProbeSettings
from coffre.probe.trials import EVERY_TRIAL

STOPPED = "somebody stopped the probe"
GRACE = 1.0
"""Seconds after its date before a retained object is removed: clocks are a little apart."""


def run_probe(
    offer: str,
    driver: Driver,
    parameters: ConnectionParameters,
    *,
    settings: ProbeSettings = DEFAULT_SETTINGS,
    progress: Callable[[int, int, TrialRecord], object] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    checks: Sequence[Check] = EVERY_TRIAL,
    clock: Clock = SYSTEM_CLOCK,
) -> ProbeRecord:
    """Try what an offer declares, and what every offer owes.

    Nothing is touched but scratch tenants that were found empty, and what was stored there is
    deleted again; what cannot be is said in the record.

    Args:
        offer: id of the offer.
        driver: its driver, with the limits around it: they are kept.
        parameters: of the offer.
        settings: how far to go.
        progress: told after each trial: how many are done, of how many, and the last one.
        stopped: asked before each trial; the rest is then *not tried*.
        checks: the trials; those of the kit of this room unless a test says otherwise.
        clock: for dates.

    Raises:
        OfferError: no session could be opened; nothing was tried.
    """
    started = clock.now()
    with driver.connect(parameters) as connection:
        declared = connection.capabilities
    scratch = Scratch(driver, parameters, settings, clock=clock)
    chosen = [check for check in checks if check.needs <= declared]
    total = sum(len(check.cases) for check in chosen)
    trials: list[TrialRecord] = []
    left: list[str] = []
    seed = secrets.randbelow(2**32)
    try:
        for verdict in _verdicts(chosen, scratch, seed, declared, stopped):
            trials.append(_recorded(verdict))
            left.extend(verdict.remarks)
            if progress is not None:
                progress(len(trials), total, trials[-1])
    finally:
        left.extend(_release(scratch))
        left.extend(_places(scratch))
    return ProbeRecord(
        offer=offer,
        subject=Subject.of(driver, parameters),
        at=started,
        coffre=__version__,
        part_size=scratch.part_size,
        capabilities=tuple(sorted(declared)),
        trials=tuple(trials),
        left=tuple(dict.fromkeys(left)),
    )


def _verdicts(
    chosen: Iterable[Check],
    scratch: Scratch,
    seed: int,
    declared: frozenset[Capability],
    stopped: Callable[[], bool],
) -> Iterator[Verdict]:
    for check in chosen:
        for trial in known_or_not(check).trials():
            if stopped():
                yield not_tried(trial, STOPPED)
                continue
            verdict = attempt(
                trial,
                scratch,
                seed=seed,
                capabilities=declared,
                clock=scratch.clock,
                left=scratch.settings.patience,
            )
            if verdict.outcome is not Outcome.PASSED:
                scratch.move_on()
            yield verdict


def known_or_not(check: Check) -> Check:
    """The same check, of which nothing follows when the offer was away while it was made.

    The kit counts an offer that breaks off as a finding. Here it disproves nothing (law 2).
    """
    return replace(check, cases={name: _unless_away(one) for name, one in check.cases.items()})


def _unless_away(body: Body) -> Body:
    def tried(bench: Bench) -> None:
        try:
            body(bench)
        except Exception as error:
            away = _away(error)
            if away is None:
                raise
            raise NotTried(f"the offer did not answer: {away}") from error

    return tried


def _away(error: BaseException | None) -> OfferUnavailableError | None:
    """The error of an offer that could not be asked, in what ended a trial or led to it."""
    while error is not None:
        if isinstance(error, OfferUnavailableError):
            return error
        error = error.__cause__
    return None


def _recorded(verdict: Verdict) -> TrialRecord:
    """A verdict of the kit, without the steps that led to it: the record is kept for years."""
    known = set(Capability)
    seen = verdict.reason or ""
    if verdict.finding is not None:
        seen = verdict.finding.seen
    return TrialRecord(
        trial=verdict.trial,
        duty=verdict.duty,
        guarantee=verdict.profile if verdict.profile in known else verdict.duty,
        outcome=str(verdict.outcome if verdict.outcome in Outcome else Outcome.NOT_TRIED),
        seen=seen[:LONGEST_SIGHT],
    )


LONGEST_SIGHT = 500
"""Characters of what was seen that are kept."""


# --- what trials could not remove themselves -----------------------------------------------------


def _release(scratch: Scratch) -> Iterator[str]:
    """Delete what was retained, once its date has passed; what is left is said."""
    for one in scratch.retained:
        remaining = (one.until - scratch.clock.now()).total_seconds() + GRACE
        if remaining > 0:
            scratch.clock.sleep(remaining)
        try:
            with scratch.driver.connect(scratch.parameters) as connection:
                connection.delete(DeleteRequest(ref=one.ref))
        except CoffreError as error:
            until = as_text(one.until)
            yield f"left on the offer: {one.ref}, retained until {until} ({error.code})"


def _places(scratch: Scratch) -> Iterator[str]:
    """Where objects were, and are no more: the contract knows no way to remove the place itself."""
    if scratch.used:
        tenants = ", ".join(map(str, dict.fromkeys(scratch.used)))
        yield (
            f"tried in the scratch tenants {tenants}; what the service makes for a tenant, a "
            "directory or a bucket, stays there, empty"
        )
