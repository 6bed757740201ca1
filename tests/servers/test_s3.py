"""The S3 driver keeps the contract: on Ceph, by an emulator of AWS, on the least S3 there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar
from uuid import uuid4

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from tests.conformance.harnesses import installed
from tests.servers.addresses import address
from tests.servers.s3_harness import BucketsHarness, S3Harness, new_bucket

EMULATED = "an emulator, whose races prove nothing: it cuts what is deleted while it is read"
NOT_ATOMIC = "rclone keeps objects as files, and fails where one is read while it is deleted"
SIZES = PoolSettings(max_size=64)


@pytest.fixture(scope="module")
def ceph_bucket() -> str:
    return new_bucket(installed("s3"), address("S3"))


@pytest.fixture(scope="module")
def locked_bucket() -> str:
    return new_bucket(installed("s3"), address("S3"), retention="governance")


class TestCeph(DriverConformance):
    """Conditions on puts alone: large objects are kept aside."""

    @pytest.fixture
    def harness(self, ceph_bucket: str) -> Harness:
        return S3Harness(installed("s3"), address("S3"), ceph_bucket)


class TestPooledCeph(DriverConformance):
    profiles = ("core",)

    @pytest.fixture
    def harness(self, ceph_bucket: str) -> Iterator[Harness]:
        with PooledDriver(installed("s3"), SIZES) as driver:
            yield S3Harness(driver, address("S3"), ceph_bucket)


class TestLimitedCeph(DriverConformance):
    profiles = ("core",)

    @pytest.fixture
    def harness(self, ceph_bucket: str) -> Harness:
        driver = LimitedDriver(installed("s3"), max_concurrent=64)
        return S3Harness(driver, address("S3"), ceph_bucket)


ONE_WRITER = "this gateway ignores conditions where versions are kept: there is a single writer"


class TestLockedCeph(DriverConformance):
    """A bucket with object lock: versions are kept, and those that are retained stay."""

    excused: ClassVar = {"put.race": ONE_WRITER}
    profiles = ("core",)

    @pytest.fixture
    def harness(self, locked_bucket: str) -> Harness:
        values = {"retention": "governance", "conditions": "none"}
        return S3Harness(installed("s3"), address("S3"), locked_bucket, **values)


def emulator() -> Mapping[str, str]:
    # Any key will do there; one that is no common word can be looked for in what is printed.
    return {**address("LOCALSTACK"), "S3_SECRET_KEY": "any-key-will-do-here"}


@pytest.fixture(scope="module")
def aws_bucket() -> str:
    return new_bucket(installed("s3"), emulator())


class TestLocalStack(DriverConformance):
    """Conditions on puts and on uploads, checksums that are kept; no word of it on races."""

    profiles = ("core",)
    excused: ClassVar = {"put.race": EMULATED, "delete.race": EMULATED}

    @pytest.fixture
    def harness(self, aws_bucket: str) -> Harness:
        return S3Harness(installed("s3"), emulator(), aws_bucket)


class TestLockedLocalStack(DriverConformance):
    """Object lock by an emulator, which honours conditions there, too."""

    profiles = ("retention", "legal-hold", "replace")
    excused: ClassVar = {"replace.atomic": EMULATED}

    @pytest.fixture
    def harness(self) -> Harness:
        bucket = new_bucket(installed("s3"), emulator(), retention="compliance")
        return S3Harness(installed("s3"), emulator(), bucket, retention="compliance")


class TestLocalStackBuckets(DriverConformance):
    """A bucket for each container."""

    profiles = ("core",)
    excused: ClassVar = {"put.race": EMULATED, "delete.race": EMULATED}

    @pytest.fixture
    def harness(self) -> Harness:
        bucket = f"c{uuid4().hex[:8]}"
        new_bucket(installed("s3"), emulator(), bucket)
        return BucketsHarness(installed("s3"), emulator(), bucket, layout="buckets")


class TestRcloneByASingleWriter(DriverConformance):
    """A service that ignores conditions, whose user says that there is a single writer."""

    profiles = ("core",)
    excused: ClassVar = {
        "put.atomic/a-reader-that-looks-all-the-time-sees-it-whole-or-not": NOT_ATOMIC,
        "delete.race": NOT_ATOMIC,
        "replace.atomic": NOT_ATOMIC,
        "put.race": NOT_ATOMIC,
    }

    @pytest.fixture
    def harness(self) -> Harness:
        there = address("RCLONE_S3")
        bucket = new_bucket(installed("s3"), there)
        return S3Harness(installed("s3"), there, bucket, conditions="none")
