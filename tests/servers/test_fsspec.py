"""The bridge to foreign file systems keeps the contract: on a local one, by FTP and by WebDAV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.contract import Driver
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from tests.conformance.harnesses import WRAPPED, installed
from tests.servers.addresses import address, place
from tests.servers.fsspec_harness import FsspecHarness


def new_folder(server: str) -> Path:
    """A new directory among the files of a server."""
    root = place(server) / "data" / uuid4().hex
    root.mkdir()
    root.chmod(0o777)  # the server is another user
    return root


def ftp(driver: Driver) -> FsspecHarness:
    at, root = address("FTP"), new_folder("FTP")
    url = f"ftp://{at['FTP_HOST']}:{at['FTP_PORT']}/{root.name}"
    return FsspecHarness(driver, url, root, user=at["FTP_USER"], password=at["FTP_PASSWORD"])


def webdav(driver: Driver, server: str) -> FsspecHarness:
    at, root = address(server), new_folder(server)
    url = f"webdav://{urlsplit(at['WEBDAV_URL']).netloc}/{root.name}"
    return FsspecHarness(driver, url, root, user=at["WEBDAV_USER"], password=at["WEBDAV_PASSWORD"])


class TestLocal(DriverConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        root = tmp_path / "offer"
        root.mkdir()
        return FsspecHarness(installed("fsspec"), root.as_uri(), root)


class TestFtp(DriverConformance):
    @pytest.fixture
    def harness(self) -> Harness:
        return ftp(installed("fsspec"))


class TestLimitedPooledFtp(DriverConformance):
    profiles = WRAPPED

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with PooledDriver(installed("fsspec"), PoolSettings(max_size=64)) as pooled:
            yield ftp(LimitedDriver(pooled, max_concurrent=64))


class TestWebdav(DriverConformance):
    profiles = WRAPPED

    @pytest.fixture
    def harness(self) -> Harness:
        return webdav(installed("fsspec"), "WEBDAV")


class TestWsgidav(DriverConformance):
    """A server that keeps half of an upload that was cut: only parts are ever uploaded."""

    profiles = ("faults",)

    @pytest.fixture
    def harness(self) -> Harness:
        return webdav(installed("fsspec"), "WSGIDAV")
