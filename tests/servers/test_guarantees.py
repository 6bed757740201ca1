"""What the drivers really give on real servers: each is probed as a user's offer would be.

With ``COFFRE_GUARANTEES=DIRECTORY`` what was seen is written there, one file a server: from
these ``python -m tools.guarantees_page`` makes docs/reference/guarantees.md.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from coffre.conformance import Harness
from coffre.contract import Driver
from coffre.pool import PooledDriver, PoolSettings
from coffre.probe import ProbeRecord, ProbeSettings, State, judge
from coffre.probe.running import run_probe
from tests.conformance.harnesses import FilesystemHarness, MemoryHarness, installed
from tests.servers.addresses import address
from tests.servers.kinds import KINDS, discard
from tests.servers.s3_harness import S3Harness, new_bucket
from tests.servers.sftp_harness import Server, SftpHarness
from tests.servers.swift_harness import SwiftHarness
from tests.servers.test_fsspec import ftp, webdav
from tools.guarantees_page import write_record

DIRECTORY = "COFFRE_GUARANTEES"
TOOLS = Path(os.environ.get("COFFRE_TOOLS", "~/.cache/coffre-servers")).expanduser()
AZURITE = TOOLS / "azurite" / "node_modules" / "azurite" / "package.json"
Make = Callable[[Driver, Path], Harness]


@dataclass(frozen=True, kw_only=True)
class UnderTest:
    """One offer under test."""

    driver: str
    server: str
    """What it is, for people."""
    make: Make
    version: tuple[str, ...] = ()
    """Command that prints the server's version."""
    not_given: frozenset[str] = frozenset()
    """What is known to be declared there and not always given: it may be disproved."""


def _package(name: str) -> tuple[str, ...]:
    return ("dpkg-query", "--show", "--showformat=${Version}", name)


def _module(environment: str, name: str) -> tuple[str, ...]:
    python = str(TOOLS / environment / "bin" / "python")
    return (python, "-c", f"import importlib.metadata as m; print(m.version({name!r}))")


def _s3(name: str, retention: str = "none", **values: object) -> Make:
    def make(driver: Driver, _path: Path) -> Harness:
        at = address(name)
        if retention == "none":
            return S3Harness(driver, at, new_bucket(installed("s3"), at), **values)
        bucket = new_bucket(installed("s3"), at, retention=retention)
        return S3Harness(driver, at, bucket, retention=retention, **values)

    return make


def _swift(driver: Driver, _path: Path) -> Harness:
    return SwiftHarness(driver, address("SWIFT"), segment_size=8 * 1024 * 1024)


def _kind(name: str) -> Make:
    return lambda driver, _path: KINDS[name](driver)


OFFERS: Mapping[str, UnderTest] = {
    "memory": UnderTest(
        driver="memory",
        server="this process's memory",
        make=lambda driver, _path: MemoryHarness(driver),
    ),
    "filesystem": UnderTest(
        driver="filesystem",
        server="a directory",
        make=lambda driver, path: FilesystemHarness(driver, path / "offer"),
        version=("uname", "--kernel-name"),
    ),
    "s3-ceph": UnderTest(
        driver="s3", server="Ceph RGW", make=_s3("S3"), version=_package("radosgw")
    ),
    "s3-localstack": UnderTest(
        driver="s3",
        server="LocalStack (an emulator)",
        make=_s3("LOCALSTACK"),
        not_given=frozenset({"create-only"}),
        version=_module("localstack", "localstack-core"),
    ),
    "s3-localstack-locked": UnderTest(
        driver="s3",
        server="LocalStack (an emulator), object lock",
        make=_s3("LOCALSTACK", "compliance"),
        not_given=frozenset({"create-only"}),
        version=_module("localstack", "localstack-core"),
    ),
    "s3-rclone": UnderTest(
        driver="s3",
        server="rclone serve s3, a single writer",
        make=_s3("RCLONE_S3", conditions="none"),
        # It answers some ranges with the whole object; the driver notices, and refuses.
        not_given=frozenset({"range-read"}),
        version=(str(TOOLS / "rclone" / "bin" / "rclone"), "version"),
    ),
    "swift": UnderTest(
        driver="swift",
        server="OpenStack Swift",
        make=_swift,
        version=_package("swift-proxy"),
    ),
    "azure": UnderTest(
        driver="azure",
        server="Azurite (an emulator)",
        make=_kind("azure"),
        version=("node", "--print", f"require({str(AZURITE)!r}).version"),
    ),
    "sftp": UnderTest(
        driver="sftp", server="OpenSSH", make=_kind("sftp"), version=_package("openssh-server")
    ),
    "sftp-plain": UnderTest(
        driver="sftp",
        server="OpenSSH, extensions denied",
        make=lambda driver, _path: SftpHarness(driver, Server.named("SFTP_PLAIN")),
        version=_package("openssh-server"),
    ),
    "fsspec-webdav": UnderTest(
        driver="fsspec",
        server="Apache mod_dav",
        make=lambda driver, _path: webdav(driver, "WEBDAV"),
        version=_package("apache2"),
    ),
    "fsspec-ftp": UnderTest(
        driver="fsspec",
        server="pyftpdlib",
        make=lambda driver, _path: ftp(driver),
        version=_module("ftp", "pyftpdlib"),
    ),
}


@pytest.mark.parametrize("name", OFFERS)
def test_what_is_declared_there_is_given(name: str, tmp_path: Path) -> None:
    tested = OFFERS[name]
    (tmp_path / "offer").mkdir()
    record, found = probed(tested, tmp_path)

    if DIRECTORY in os.environ:
        write_record(
            Path(os.environ[DIRECTORY]) / f"{name}.json",
            record,
            found,
            server=tested.server,
            server_version=_version(tested),
        )
    told = {one.name: f"{one.why} [{one.trial}]" for one in found if not one.effective}
    assert told.keys() <= tested.not_given, told
    unknown = [one.name for one in found if one.state is State.DECLARED and "not tried" in one.why]
    # LocalStack stands still at times when several ask at once; nothing is concluded from that.
    assert unknown == [] or "LocalStack" in tested.server


def probed(tested: UnderTest, path: Path):  # type: ignore[no-untyped-def]
    """Probe one offer through a pool of the usual size."""
    with PooledDriver(installed(tested.driver), PoolSettings()) as driver:
        harness = tested.make(driver, path)
        try:
            record = run_probe(tested.driver, driver, harness.parameters, settings=settings())
        finally:
            discard(harness)
    return record, judge(record, record.subject, _declared(record))


def settings() -> ProbeSettings:
    """The usual ones for the page; a shorter listing where time counts."""
    return ProbeSettings(retain=5.0, page=1100 if DIRECTORY in os.environ else 60)


def _declared(record: ProbeRecord):  # type: ignore[no-untyped-def]
    from coffre.contract import Capability

    return frozenset(one for one in Capability if one.value in record.capabilities)


def _version(tested: UnderTest) -> str:
    if not tested.version:
        return ""
    ran = subprocess.run(tested.version, capture_output=True, text=True, check=False, timeout=60)
    return ran.stdout.strip().partition("\n")[0] or "unknown"
