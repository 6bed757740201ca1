"""The driver of Azure keeps the contract, on the emulator that Microsoft publishes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from tests.conformance.harnesses import WRAPPED, installed
from tests.servers.azure_harness import AzureHarness


class TestAzure(DriverConformance):
    @pytest.fixture
    def harness(self) -> Harness:
        return AzureHarness(installed("azure"))


class TestAzureContainers(DriverConformance):
    """A container of the service for each tenant and container of objects."""

    profiles = ("core", "containers", "create-only", "quarantine", "sweep")

    @pytest.fixture
    def harness(self) -> Harness:
        return AzureHarness(installed("azure"), layout="each")


class TestLimitedPooledAzure(DriverConformance):
    profiles = WRAPPED

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with PooledDriver(installed("azure"), PoolSettings(max_size=64)) as pooled:
            yield AzureHarness(LimitedDriver(pooled, max_concurrent=64))
