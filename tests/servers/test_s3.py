"""The S3 driver keeps the contract: on Ceph, on an emulator of AWS, and on the least S3 there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from tests.conformance.harnesses import WITHOUT_MODEL, installed
from tests.servers.addresses import address
from tests.servers.s3_harness import S3Harness, new_bucket

SIZES = PoolSettings(max_size=64)


@pytest.fixture(scope="module")
def ceph_bucket() -> str:
    return new_bucket(installed("s3"), address("S3"))


class TestCeph(DriverConformance):
    """Conditions on puts alone: large objects are kept aside."""

    @pytest.fixture
    def harness(self, ceph_bucket: str) -> Harness:
        return S3Harness(installed("s3"), address("S3"), ceph_bucket)


class TestPooledCeph(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self, ceph_bucket: str) -> Iterator[Harness]:
        with PooledDriver(installed("s3"), SIZES) as driver:
            yield S3Harness(driver, address("S3"), ceph_bucket)


class TestLimitedCeph(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self, ceph_bucket: str) -> Harness:
        driver = LimitedDriver(installed("s3"), max_concurrent=64)
        return S3Harness(driver, address("S3"), ceph_bucket)
