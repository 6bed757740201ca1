"""A house with three offers in memory, for each test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.engine.support import House, house_in


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    before = threading.active_count()
    with house_in(tmp_path) as house:
        yield house
        assert house.sound(), "the ledger does not verify"
    assert threading.active_count() == before, "a thread was left running"
