"""A run: the trials of some profiles, one after the other, each on a bench of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from coffre import __version__
from coffre.conformance.broken import told
from coffre.conformance.check import Check
from coffre.conformance.choosing import select
from coffre.conformance.harness import Harness
from coffre.conformance.report import Outcome, Report, Verdict
from coffre.conformance.trying import OUT_OF_TIME, attempt, not_tried
from coffre.contract import CONTRACT_VERSION, SYSTEM_CLOCK, Capability, Clock, CoffreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run is, told after each trial."""

    done: int
    """Trials that have an outcome."""
    total: int
    """Trials in all."""
    verdict: Verdict
    """The last outcome."""


def run(
    harness: Harness,
    *,
    profiles: Iterable[str] | None = None,
    only: Iterable[str] = (),
    seed: int | None = None,
    budget: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    stopped: Callable[[], str | None] = lambda: None,
    checks: Iterable[Check] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Try a driver on an offer.

    Args:
        harness: the offer, its driver, and ways around it.
        profiles: names of profiles; the usual ones when ``None``.
        only: what to try alone; see :func:`select`.
        seed: of everything that is drawn by chance; drawn itself when ``None``.
        budget: seconds after which no further trial begins: the rest is *not tried*.
        progress: told after each trial.
        stopped: asked around each trial; a reason ends the run, and the rest is *not tried* for
            it. So is a trial that failed while somebody stopped the run: an interrupt reaches a
            driver's own processes, too, and what they do then is no finding.
        checks: the checks to choose from; those of the kit when ``None``.
        clock: for dates and durations.

    Returns:
        What came of each trial; a broken duty is a finding in it, and raises nothing.

    Raises:
        InvalidRequestError: there is nothing of that name to try.
    """
    asked = tuple(profiles) if profiles is not None else None
    trials = select(profiles=asked, only=only, checks=checks)
    seed = secrets.randbelow(2**32) if seed is None else seed
    started, begin = clock.now(), clock.monotonic()
    deadline = None if budget is None else begin + budget
    hindrance, capabilities = _look(harness)
    verdicts: list[Verdict] = []
    for trial in trials:
        left = None if deadline is None else deadline - clock.monotonic()
        over = OUT_OF_TIME if left is not None and left <= 0 else None
        hindrance = hindrance or stopped() or over
        if hindrance is not None:
            verdict = not_tried(trial, hindrance)
        else:
            verdict = attempt(
                trial, harness, seed=seed, capabilities=capabilities, clock=clock, left=left
            )
            if verdict.outcome is Outcome.FAILED and (hindrance := stopped()):
                verdict = replace(
                    verdict, outcome=Outcome.NOT_TRIED, finding=None, reason=hindrance
                )
        verdicts.append(verdict)
        if progress is not None:
            progress(Progress(done=len(verdicts), total=len(trials), verdict=verdict))
    return Report(
        driver=harness.driver.name,
        driver_version=harness.driver.version,
        written_for=harness.driver.contract,
        contract=CONTRACT_VERSION,
        coffre=__version__,
        service=harness.parameters.url,
        capabilities=tuple(sorted(capabilities)),
        profiles=asked or tuple(dict.fromkeys(trial.check.profile for trial in trials)),
        seed=seed,
        started=started,
        seconds=clock.monotonic() - begin,
        verdicts=tuple(verdicts),
    )


def _look(harness: Harness) -> tuple[str | None, frozenset[Capability]]:
    """What keeps everything from being tried, if anything does, and what is declared."""
    try:
        with harness.driver.connect(harness.parameters) as connection:
            return None, connection.capabilities
    except CoffreError as error:
        return f"no session could be opened ({told(error)})", frozenset()
    except Exception:  # noqa: BLE001 - no driver may raise that: the checks find it, and tell
        return None, frozenset()
