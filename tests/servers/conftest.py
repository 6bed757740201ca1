"""Tests of real servers are collected by ``make test``, too, and skip there with one line."""

from __future__ import annotations

import pytest

from tests.servers.addresses import HOW, any_started, required


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip without making a fixture, so that the summary has one line for all of them."""
    if not any_started() and not required():
        pytest.skip(f"no server was started: {HOW}")
