"""The catalogue: every check of the kit, in the order in which they are tried."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from coffre.conformance import checks
from coffre.conformance.check import Check
from coffre.conformance.duties import AREAS


@cache
def every_check() -> tuple[Check, ...]:
    """Every check, sorted by the area of its duty; within one, as they stand in their module."""
    found: list[Check] = []
    for module in pkgutil.iter_modules(checks.__path__, f"{checks.__name__}."):
        members = vars(importlib.import_module(module.name)).values()
        found += (member for member in members if isinstance(member, Check))
    return tuple(sorted(found, key=lambda one: AREAS.index(one.duty.area)))
