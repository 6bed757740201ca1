"""What lending costs, counted: a line more on the fast path is a decision, not an accident."""

from __future__ import annotations

import sys

import pytest

from benchmarks.claims import budgets
from benchmarks.counting import COUNTED, calls_of, counted, instructions_of

COUNTED_ON = (3, 11)
"""The version whose instructions are in the budget; other versions have others."""


@pytest.mark.parametrize("name", COUNTED)
def test_the_fast_path_stays_within_its_budget(name: str) -> None:
    budget = budgets()[name]

    found = counted(name)

    assert found["calls"] <= budget["calls"]
    if sys.version_info[:2] == COUNTED_ON:
        assert found["instructions"] <= budget["instructions"]


@pytest.mark.skipif(sys.version_info[:2] != COUNTED_ON, reason="the budget is for another version")
@pytest.mark.parametrize("name", COUNTED)
def test_a_budget_is_not_kept_higher_than_what_is_needed(name: str) -> None:
    assert counted(name) == budgets()[name]


def test_every_call_and_instruction_is_counted() -> None:
    def once() -> None:
        len([])
        len([])

    assert calls_of(once) == 2
    assert instructions_of(lambda: None) < instructions_of(once)


def test_the_same_is_counted_each_time() -> None:
    assert counted("pool-lease") == counted("pool-lease")
