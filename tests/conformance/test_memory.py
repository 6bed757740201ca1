"""The memory driver keeps the contract, and so does chaos around it while nothing fires."""

from __future__ import annotations

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.testing import ChaosDriver, MemoryDriver
from tests.conformance.harnesses import WITHOUT_MODEL, MemoryHarness


class TestMemoryDriver(DriverConformance):
    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness(MemoryDriver())


class TestCalmChaos(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness(ChaosDriver(MemoryDriver()))
