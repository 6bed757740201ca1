"""The Swift driver keeps the contract, on OpenStack Swift: in one piece, and in segments."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from tests.conformance.harnesses import installed
from tests.servers.addresses import address
from tests.servers.swift_harness import MIB, SwiftHarness

SIZES = PoolSettings(max_size=64)


class TestSwift(DriverConformance):
    @pytest.fixture
    def harness(self) -> Harness:
        return SwiftHarness(installed("swift"), address("SWIFT"))


class TestSegmentedSwift(DriverConformance):
    """Whatever is larger than 64 KiB is a large object, of segments of a mebibyte."""

    profiles = ("core", "faults")

    @pytest.fixture
    def harness(self) -> Harness:
        return SwiftHarness(
            installed("swift"), address("SWIFT"), buffer=64 * 1024, segment_size=MIB
        )


class TestLimitedPooledSwift(DriverConformance):
    profiles = ("core",)

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with PooledDriver(installed("swift"), SIZES) as pooled:
            yield SwiftHarness(LimitedDriver(pooled, max_concurrent=64), address("SWIFT"))
