"""The S3 driver keeps the contract: on Ceph, by an emulator of AWS, on the least S3 there is."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from tests.conformance.harnesses import WITHOUT_MODEL, installed
from tests.servers.addresses import address
from tests.servers.s3_harness import BucketsHarness, S3Harness, new_bucket

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


@pytest.fixture(scope="module")
def aws_bucket() -> str:
    return new_bucket(installed("s3"), address("LOCALSTACK"))


class TestLocalStack(DriverConformance):
    """Conditions on puts and on uploads, checksums that are kept; no word of it on races."""

    profiles = ("core",)

    @pytest.fixture
    def harness(self, aws_bucket: str) -> Harness:
        return S3Harness(installed("s3"), address("LOCALSTACK"), aws_bucket)


class TestLocalStackBuckets(DriverConformance):
    """A bucket for each container."""

    profiles = ("core",)

    @pytest.fixture
    def harness(self) -> Harness:
        bucket = f"c{uuid4().hex[:8]}"
        new_bucket(installed("s3"), address("LOCALSTACK"), bucket)
        return BucketsHarness(installed("s3"), address("LOCALSTACK"), bucket, layout="buckets")


class TestRcloneByASingleWriter(DriverConformance):
    """A service that ignores conditions, whose user says that there is a single writer."""

    profiles = ("core",)

    @pytest.fixture
    def harness(self) -> Harness:
        there = address("RCLONE_S3")
        bucket = new_bucket(installed("s3"), there)
        return S3Harness(installed("s3"), there, bucket, conditions="none")
