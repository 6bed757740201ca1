"""The goals set for pools, each beside other pools in the same run.

The connections are fakes that answer at once: what is measured is the pool.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.cases.pool import (
    deadlock,
    fairness,
    forks,
    idle,
    leases,
    limits,
    mixed,
    outage,
    overload,
    storm,
)
from benchmarks.options import Case

CASES: Mapping[str, Case] = {
    **leases.CASES,
    **fairness.CASES,
    **limits.CASES,
    **mixed.CASES,
    **deadlock.CASES,
    **outage.CASES,
    **storm.CASES,
    **forks.CASES,
    **idle.CASES,
    **overload.CASES,
}
