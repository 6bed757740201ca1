"""The SFTP driver keeps the contract, on OpenSSH as it is and on one without its extensions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.conformance import FAULTS, DriverConformance, Harness
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from tests.conformance.harnesses import WITHOUT_MODEL, installed
from tests.servers.sftp_harness import PLAIN_SERVER, SERVER, offer_on

SIZES = PoolSettings(max_size=64)
WITHOUT_FAULTS = tuple(name for name in WITHOUT_MODEL if name != FAULTS)
"""Profiles of a limit around it, which meets no other network than the driver alone."""


class TestSftp(DriverConformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        yield from offer_on(installed("sftp"), SERVER)


class TestSftpWithoutExtensions(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        yield from offer_on(installed("sftp"), PLAIN_SERVER)


class TestPooledSftp(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with PooledDriver(installed("sftp"), SIZES) as driver:
            yield from offer_on(driver, SERVER)


class TestLimitedSftp(DriverConformance):
    profiles = WITHOUT_FAULTS

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        yield from offer_on(LimitedDriver(installed("sftp"), max_concurrent=64), SERVER)
