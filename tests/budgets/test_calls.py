"""A put of a small object makes no more system calls than its budget (benchmarks/budgets.toml).

Counts, not times: they say the same on a laptop, on a busy machine and tomorrow.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.claims import budgets
from benchmarks.measuring import NotMeasuredError
from benchmarks.tracing import calls_of, require_strace

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("kind", "objects"), [("durable", 10), ("bulk", 256)])
def test_a_small_put_stays_within_its_budget(kind: str, objects: int, tmp_path: Path) -> None:
    try:
        require_strace()
    except NotMeasuredError as error:
        pytest.skip(str(error))
    budget = budgets()[kind]

    found = calls_of(f"calls-{kind}", tmp_path, objects)

    calls = {name: count / objects for name, count in found.by_name.most_common()}
    assert found.total / objects <= budget["calls"], calls
    assert sum(found.flushes.values()) / objects <= budget["flushes"], calls
