"""A library with a clock of its own, for tests that tell a story in a few lines."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from coffre.contract import (
    AccessCancelRequest,
    AccessRequest,
    AccessState,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    ConnectionParameters,
    GetRequest,
    ObjectRef,
    PutRequest,
    PutResult,
    StatRequest,
)
from coffre.drivers.cold import ColdConnection, ColdDriver, LibraryControl
from coffre.streams import BytesContent
from coffre.testing import FakeClock

QUICK = {"robot_time": 10.0, "mount_time": 0.0, "seek_time": 0.0, "flush": False}
"""A library in which an object comes ten seconds after it was asked for."""


def ref(name: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=name)


def parameters(root: Path, **values: object) -> ConnectionParameters:
    return ConnectionParameters.checked(
        ColdDriver.parameters, url=root.as_uri(), values={**QUICK, **values}
    )


class Hall:
    """One connection, and the hands in the library behind it."""

    def __init__(self, root: Path, clock: FakeClock, **values: object) -> None:
        self.root = root
        self.clock = clock
        self.parameters = parameters(root, **values)
        driver = ColdDriver(clock)
        driver.prepare(self.parameters)
        self.connection: ColdConnection = driver.connect(self.parameters)
        self.control = LibraryControl(self.parameters, clock)

    def again(self, **values: object) -> Hall:
        """The same library under other parameters, or after a restart."""
        return Hall(self.root, self.clock, **values)

    def put(self, name: str, data: bytes = b"some bytes") -> PutResult:
        content = BytesContent(data)
        return self.connection.put(PutRequest(ref=ref(name), content=content, size=len(data)))

    def put_on_tape(self, *names: str) -> None:
        for name in names:
            self.put(name, name.encode())
            self.control.chill(ref(name))

    def read(self, name: str) -> bytes:
        with self.connection.get(GetRequest(ref=ref(name))) as result:
            return result.stream.read()

    def is_ready(self, name: str) -> bool | None:
        return self.connection.stat(StatRequest(ref=ref(name))).ready

    def ask(self, *names: str, available_for: float | None = None) -> AccessTicket:
        refs = [ref(name) for name in names]
        return self.connection.request_access(AccessRequest(refs=refs, available_for=available_for))

    def status(self, ticket: AccessTicket) -> AccessStatus:
        (told,) = self.connection.access_status(AccessStatusRequest(tickets=[ticket]))
        return told

    def state(self, ticket: AccessTicket) -> AccessState:
        return self.status(ticket).state

    def cancel(self, ticket: AccessTicket) -> bool:
        return self.connection.cancel_access(AccessCancelRequest(ticket=ticket)).released

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()
        self.control.close()
