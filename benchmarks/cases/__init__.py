"""Cases: for each claim, how its figure is had."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.cases import audit, calls, drivers, large, memory, pool, small, start
from benchmarks.options import Case

CASES: Mapping[str, Case] = {
    **large.CASES,
    **small.CASES,
    **audit.CASES,
    **memory.CASES,
    **start.CASES,
    **calls.CASES,
    **pool.CASES,
    **drivers.CASES,
}
