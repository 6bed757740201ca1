"""Our drivers at their limits: ten thousand objects, a large one, many sessions; and figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.conformance import LIMITS, SPEED, DriverConformance, Harness
from coffre.testing import MemoryDriver
from tests.conformance.harnesses import FilesystemHarness, MemoryHarness, installed

MEBIBYTE = 1024 * 1024


@pytest.mark.slow
class TestMemoryAtItsLimits(DriverConformance):
    profiles = (LIMITS, SPEED)

    @pytest.fixture
    def harness(self) -> Harness:
        harness = MemoryHarness(MemoryDriver())
        harness.large_object = 64 * MEBIBYTE
        return harness


@pytest.mark.slow
class TestFilesystemAtItsLimits(DriverConformance):
    profiles = (LIMITS, SPEED)
    excused = {  # noqa: RUF012 - a constant of the class
        "model.same/long-histories": "each step waits for a disk; the short ones are tried"
    }

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        harness = FilesystemHarness(installed("filesystem"), tmp_path / "offer")
        harness.large_object = 128 * MEBIBYTE + 1
        return harness
