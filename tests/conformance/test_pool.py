"""A pool and a limit are drivers: whatever they wrap, the contract is kept as by the inside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from coffre.testing import ChaosDriver, MemoryDriver
from tests.conformance.harnesses import (
    WITHOUT_MODEL,
    FilesystemHarness,
    MemoryHarness,
    installed,
)

SIZES = PoolSettings(max_size=64)


class TestPooledMemory(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with PooledDriver(MemoryDriver(), SIZES) as driver:
            yield MemoryHarness(driver)


class TestLimitedMemory(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness(LimitedDriver(MemoryDriver(), max_concurrent=64))


class TestLimitedPooledChaos(DriverConformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with PooledDriver(ChaosDriver(MemoryDriver()), SIZES) as driver:
            yield MemoryHarness(LimitedDriver(driver, max_concurrent=64))


class TestLimitedPooledFilesystem(DriverConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[Harness]:
        with PooledDriver(installed("filesystem"), SIZES) as pooled:
            limited = LimitedDriver(pooled, max_concurrent=64)
            yield FilesystemHarness(limited, tmp_path / "offer")
