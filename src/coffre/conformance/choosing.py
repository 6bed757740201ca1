"""Choosing: which trials a run tries, by profile and by name."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from coffre.conformance.catalogue import every_check
from coffre.conformance.check import Check, Trial
from coffre.conformance.duty import PROFILES, USUAL_PROFILES
from coffre.contract import InvalidRequestError


def select(
    *,
    profiles: Iterable[str] | None = None,
    only: Iterable[str] = (),
    checks: Iterable[Check] | None = None,
) -> list[Trial]:
    """The trials that a run would try, in the order of the catalogue.

    Args:
        profiles: names of profiles; the usual ones when ``None``, all of them when only some
            trials are asked for by name.
        only: ids or beginnings of ids of duties or trials, ``*`` standing for anything.
        checks: the checks to choose from; those of the kit when ``None``.

    Raises:
        InvalidRequestError: no profile of that name, or nothing is left to try.
    """
    wanted = list(only)
    named = set(profiles if profiles is not None else PROFILES if wanted else USUAL_PROFILES)
    if unknown := sorted(named - set(PROFILES)):
        raise InvalidRequestError(
            f"no profile is called {unknown[0]!r}; there are {', '.join(PROFILES)}"
        )
    chosen = every_check() if checks is None else checks
    trials = [trial for one in chosen if one.profile in named for trial in one.trials()]
    found = [trial for trial in trials if not wanted or any(_meant(trial, w) for w in wanted)]
    if not found:
        called = f" called {', '.join(wanted)}" if wanted else ""
        raise InvalidRequestError(f"there is nothing to try: these profiles have no check{called}")
    return found


def _meant(trial: Trial, pattern: str) -> bool:
    duty = trial.check.duty
    names = (trial.id, duty.id, duty.area, trial.id.partition(":")[0], trial.check.name)
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)
