"""A server of this test, and short ways to an offer on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coffre.contract import ConnectionParameters, Secret
from coffre.drivers.sftp import SftpDriver
from coffre.drivers.sftp.connection import SftpConnection
from tests.unit.drivers.sftp.server import PASSWORD, USER, Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "served"
    root.mkdir()
    running = Server(root)
    yield running
    running.close()


Parameters = Callable[..., ConnectionParameters]


@pytest.fixture
def parameters(server: Server) -> Parameters:
    """Makes parameters that would let one in, but for what a test gives instead."""

    def make(**given: object) -> ConnectionParameters:
        values: dict[str, object] = {
            "password": Secret(PASSWORD),
            "fingerprint": server.fingerprint,
            "timeout": 5.0,
        }
        url = f"sftp://{USER}@127.0.0.1:{server.port}/offer"
        return ConnectionParameters.checked(
            SftpDriver.parameters, url=url, values={**values, **given}
        )

    return make


@pytest.fixture
def connection(parameters: Parameters) -> Iterator[SftpConnection]:
    """A session with a new offer."""
    SftpDriver().prepare(parameters())
    with SftpDriver().connect(parameters()) as opened:
        yield opened
