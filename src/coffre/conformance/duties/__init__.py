"""Every duty of the contract, by id: what checks name, tables list and findings quote."""

from __future__ import annotations

from collections.abc import Mapping

from coffre.conformance.duties import (
    drivers,
    errors,
    newer,
    objects,
    services,
    sessions,
    trials,
)
from coffre.conformance.duty import Duty

DUTIES: Mapping[str, Duty] = {
    duty.id: duty
    for module in (drivers, sessions, objects, errors, services, newer, trials)
    for duty in module.DUTIES
}
"""By id, in the order in which they are tried and listed."""

AREAS: tuple[str, ...] = tuple(dict.fromkeys(duty.area for duty in DUTIES.values()))
"""First words of the ids, in the same order."""


def duty_of(name: str) -> Duty:
    """The duty of that id.

    Raises:
        LookupError: there is none; a check that names no duty is not part of the kit.
    """
    try:
        return DUTIES[name]
    except KeyError:
        raise LookupError(f"no duty is called {name!r}") from None
