"""Trials: a small choice of what the contract promises, made fit for an offer that is in use.

Each names the duty that it tries, and works with the tools of the conformance kit: in scratch
tenants that were found empty, and from which exactly what was stored is deleted again. They
differ from the kit's checks in three ways: the promises that lose or corrupt objects when they
are broken are tried at sizes that take a driver's every path; no more than one session is held
at a time, since the offer may allow one only; and none needs a way around the driver.
"""

from collections.abc import Sequence

from coffre.conformance import Check
from coffre.probe.trials import keeping, newer, reading, replacing, services, storing

EVERY_TRIAL: Sequence[Check] = tuple(
    value
    for module in (keeping, storing, reading, replacing, services, newer)
    for value in vars(module).values()
    if isinstance(value, Check)
)
"""In the order in which they are run: retention first, whose date has to pass before the end."""

__all__ = ["EVERY_TRIAL"]
