"""How the kit reaches a real OpenSSH server, and sees what it holds by another way: the disk."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from coffre.conformance import Harness
from coffre.contract import ConnectionParameters, Driver, ObjectRef, SupportsPrepare
from coffre.drivers.sftp import SftpDriver
from tests.servers.addresses import address

SERVER, PLAIN_SERVER = "SFTP", "SFTP_PLAIN"
"""Names of the servers; the plain one lacks OpenSSH's extensions."""


@dataclass(frozen=True)
class Server:
    """An sshd of this machine, started for the tests."""

    host: str
    port: int
    user: str
    key: str
    known_hosts: str
    root: Path

    @classmethod
    def named(cls, name: str) -> Server:
        """A server that was started; the test is skipped without it."""
        told = address(name)
        return cls(
            host=told["SFTP_HOST"],
            port=int(told["SFTP_PORT"]),
            user=told["SFTP_USER"],
            key=told["SFTP_KEY"],
            known_hosts=told["SFTP_KNOWN_HOSTS"],
            root=Path(told["SFTP_ROOT"]),
        )

    def url(self, path: Path, port: int | None = None) -> str:
        """A place on it."""
        return f"sftp://{self.user}@{self.host}:{port or self.port}{path}"

    def parameters(self, path: Path, **values: object) -> ConnectionParameters:
        """Parameters that log in with the key made for the tests."""
        given = {"key_file": self.key, "known_hosts": self.known_hosts, "timeout": 4.0}
        return ConnectionParameters.checked(
            SftpDriver.parameters, url=self.url(path), values={**given, **values}
        )


class SftpHarness(Harness):
    """One offer in a directory of its own on the server."""

    exclusive = True
    containers = ("object", "report", "a.b")
    answer_within = 12.0
    large_object = 64 * 1024 * 1024

    def __init__(self, driver: Driver, server: Server) -> None:
        self.server = server
        self.root = server.root / f"offer-{uuid.uuid4().hex[:12]}"
        super().__init__(driver, server.parameters(self.root))
        cast(SupportsPrepare, driver).prepare(self.parameters)

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        path = self._path(ref)
        return None if path is None else path.read_bytes()

    def damage(self, ref: ObjectRef) -> None:
        path = self._path(ref)
        assert path is not None
        data = path.read_bytes()
        with path.open("r+b") as file:
            file.write(bytes([data[0] ^ 1]))

    def _path(self, ref: ObjectRef) -> Path | None:
        place = self.root / str(ref.tenant) / ref.container
        return next(place.glob(f"*/{ref.identifier}"), None)

    def bytes_set_aside(self, place: str) -> bytes | None:
        return Path(place).read_bytes()

    def new_place(self) -> ConnectionParameters:
        place = self.root.with_name(f"{self.root.name}-new")
        place.mkdir()
        return self.server.parameters(place)

    def refused_user(self) -> ConnectionParameters:
        """The user, with a key that the server has never heard of: the host's own will do."""
        stranger = Path(self.server.key).with_name("host")
        return self.server.parameters(self.root, key_file=str(stranger))

    def through(self, host: str, port: int) -> ConnectionParameters:
        """By another port the server is another host, and is known by its fingerprint."""
        values = dict(self.parameters.values)
        return ConnectionParameters.checked(
            SftpDriver.parameters,
            url=f"sftp://{self.server.user}@{host}:{port}{self.root}",
            values={**values, "fingerprint": fingerprint(self.server)},
        )

    def stop(self) -> None:
        """As when the server's disk is unmounted: the directory is there, and empty."""
        self.root.rename(self._aside)
        self.root.mkdir()

    def start(self) -> None:
        self.root.rmdir()
        self._aside.rename(self.root)

    @property
    def _aside(self) -> Path:
        return self.root.with_name(f"{self.root.name}-unmounted")

    def clean(self) -> None:
        """Remove what the tests left on the disk."""
        for path in self.root.parent.glob(f"{self.root.name}*"):
            shutil.rmtree(path)


def fingerprint(server: Server) -> str:
    """Of every key that the server may show."""
    import paramiko

    keys = paramiko.HostKeys(server.known_hosts)
    known = keys.lookup(f"[{server.host}]:{server.port}")
    assert known is not None
    return ",".join(key.fingerprint for key in known.values())


def offer_on(driver: Driver, name: str) -> Iterator[SftpHarness]:
    """An offer for one test, removed afterwards."""
    harness = SftpHarness(driver, Server.named(name))
    yield harness
    harness.clean()
