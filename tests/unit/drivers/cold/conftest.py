from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.testing import FakeClock
from tests.unit.drivers.cold.cold_library import Hall


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with Hall(tmp_path / "library", FakeClock()) as made:
        yield made
