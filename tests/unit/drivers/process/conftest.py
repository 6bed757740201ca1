"""A toy program that misbehaves on demand, and the certainty that nothing of it stays."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coffre.contract import ConnectionParameters, GetRequest, ObjectRef, PutRequest
from coffre.drivers.process import ProcessConnection, ProcessDriver
from coffre.streams import BytesContent

TOY = Path(__file__).with_name("toy.py")

Connect = Callable[..., ProcessConnection]
"""Connects to a toy with a fault; parameters of the driver by keyword."""


def toy_parameters(
    fault: str = "", *, url: str = "toy:box", hello: dict[str, object] | None = None,
    at_start: str = "", **values: object,
) -> ConnectionParameters:  # fmt: skip
    """Parameters of a toy.

    Args:
        fault: what it does wrong once it is open.
        url: its offer.
        hello: what it says of itself, where that differs from the truth.
        at_start: what it does wrong before it is open.
        values: further parameters of the driver.
    """
    said = json.dumps(hello) if hello else at_start
    given = {
        "command": f"'{sys.executable}' -I -S '{TOY}' '{said}'",
        "options": f"'fault={fault}'" if fault else "",
        # What an interpreter may need to start at all.
        "environment": "LD_LIBRARY_PATH",
        **values,
    }
    return ConnectionParameters.checked(ProcessDriver.parameters, url=url, values=given)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects, and closes everything at the end."""
    opened: list[ProcessConnection] = []

    def open_one(fault: str = "", **how: object) -> ProcessConnection:
        opened.append(ProcessDriver().connect(toy_parameters(fault, **how)))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


def descriptors() -> set[str]:
    """Descriptors of this process, by number and by what they are."""
    folder = "/proc/self/fd"
    found = set()
    for name in os.listdir(folder):
        try:
            found.add(f"{name} {os.readlink(f'{folder}/{name}')}")
        except OSError:  # that of the listing itself
            continue
    return found


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """After every test, no process of ours is left, dead or alive, and no descriptor."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("without /proc, nobody can tell what is left behind")
    before = descriptors()
    yield
    assert descriptors() - before == set()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def ref_of(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)


def request_of(identifier: str, data: bytes = b"some bytes") -> PutRequest:
    return PutRequest(ref=ref_of(identifier), content=BytesContent(data), size=len(data))


def read(connection: ProcessConnection, identifier: str) -> bytes:
    with connection.get(GetRequest(ref=ref_of(identifier))) as result:
        return result.stream.read()
