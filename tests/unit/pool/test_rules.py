"""Each rule of a pool, in a situation of its own."""

from __future__ import annotations

import pytest

from tests.unit.pool.rules import RULES


@pytest.mark.parametrize("name", RULES)
def test_rule(name: str) -> None:
    RULES[name]()
