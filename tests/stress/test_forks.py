"""A thousand forks under load: no child hangs, none speaks on what it inherited."""

from __future__ import annotations

import pytest

from benchmarks.cases.pool.forks import forked

pytestmark = pytest.mark.slow


def test_a_thousand_children_lease_and_leave_the_parent_alone() -> None:
    assert forked(1000) == {"hung": 0, "bytes": 0, "parent": 0}
