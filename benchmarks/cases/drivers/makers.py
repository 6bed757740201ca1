"""Who is compared with whom, by the driver's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from benchmarks.cases.drivers import ours, peers, stub
from benchmarks.cases.drivers.cases import Pair
from benchmarks.cases.drivers.stores import Store, StoreMaker, address_of

_OURS: Mapping[str, StoreMaker] = {"swift": ours.swift, "azure": ours.azure, "sftp": ours.sftp}
_S3Peer = Callable[[Mapping[str, str]], AbstractContextManager[Store]]


def stub_address(url: str) -> dict[str, str]:
    """The stub, as a real server would be told."""
    return {
        "S3_ENDPOINT": url,
        "S3_ACCESS_KEY": "access",
        "S3_SECRET_KEY": "secretsecret",
        "S3_REGION": "us-east-1",
    }


def maker_of(driver: str, url: str) -> StoreMaker:
    """Ours, for a driver; S3 is the stub at that URL."""
    if driver == "s3":
        return lambda _: _on_stub(url)
    return _OURS[driver]


def _on_stub(url: str) -> AbstractContextManager[Store]:
    # What the stub honours and does not check is told rather than tried.
    return ours.s3(stub_address(url), conditions="all", checksum="none")


def s3_on_stub(peer: _S3Peer) -> Pair:
    """Beside a peer, on the stub."""

    def pair(stack: ExitStack, _: Path) -> tuple[StoreMaker, StoreMaker]:
        url = stack.enter_context(stub.running())
        return lambda _: peer(stub_address(url)), maker_of("s3", url)

    return pair


def s3_on_ceph(peer: _S3Peer) -> Pair:
    """Beside a peer, on a RADOS Gateway as it comes."""

    def pair(_stack: ExitStack, _: Path) -> tuple[StoreMaker, StoreMaker]:
        address = address_of("S3")
        return lambda _: peer(address), lambda _: ours.s3(address)

    return pair


def beside(peer: StoreMaker, driver: str) -> Pair:
    """Beside a peer, on the real server of a driver."""
    return lambda _stack, _place: (peer, _OURS[driver])


SWIFT = beside(peers.swiftclient, "swift")
AZURE = beside(peers.azure_blob, "azure")
PARAMIKO = beside(peers.paramiko, "sftp")
