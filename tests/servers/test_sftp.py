"""The SFTP driver keeps the contract, on OpenSSH as it is and on one without its extensions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from tests.conformance.harnesses import WITHOUT_MODEL, WRAPPED, installed
from tests.servers.sftp_harness import PLAIN_SERVER, SERVER, offer_on

SIZES = PoolSettings(max_size=64)


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
    profiles = WRAPPED

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with PooledDriver(installed("sftp"), SIZES) as driver:
            yield from offer_on(driver, SERVER)


class TestLimitedSftp(DriverConformance):
    profiles = WRAPPED

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        yield from offer_on(LimitedDriver(installed("sftp"), max_concurrent=64), SERVER)
