"""Kinds of offers on real servers that tests treat alike: a driver, and a harness to make one.

A kind is added here once its driver has a harness; scenarios with several offers and the test of
endurance take it up from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coffre.conformance import Harness
from coffre.contract import Capability, ConnectionParameters, Driver
from tests.conformance.harnesses import installed
from tests.servers.addresses import address
from tests.servers.azure_harness import AzureHarness
from tests.servers.s3_harness import S3Harness, new_bucket
from tests.servers.sftp_harness import SERVER, Server, SftpHarness
from tests.servers.swift_harness import SwiftHarness
from tests.servers.test_fsspec import webdav


def _s3(driver: Driver) -> Harness:
    ceph = address("S3")
    return S3Harness(driver, ceph, new_bucket(installed("s3"), ceph))


def _sftp(driver: Driver) -> Harness:
    return SftpHarness(driver, Server.named(SERVER))


KINDS: Mapping[str, Callable[[Driver], Harness]] = {
    "s3": _s3,
    "sftp": _sftp,
    "azure": AzureHarness,
    "swift": lambda driver: SwiftHarness(driver, address("SWIFT")),
    "fsspec": lambda driver: webdav(driver, "WEBDAV"),
}
"""Name of the driver, and what makes an offer of it for one test, empty and prepared."""


def make_offer(kind: str, driver: Driver | None = None) -> Harness:
    """An offer of one kind, of the installed driver unless another is given (a pooled one)."""
    return KINDS[kind](driver or installed(kind))


def empty_place(harness: Harness) -> ConnectionParameters:
    """Parameters of an empty place, no offer yet where the driver makes its offers on purpose."""
    if Capability.PREPARE in harness.driver.capabilities:
        return harness.new_place()
    return harness.parameters


def discard(harness: Harness) -> None:
    """Remove what an offer holds, where its harness knows how to."""
    clean = getattr(harness, "clean", None)
    if clean is not None:
        clean()
