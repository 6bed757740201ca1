"""An offer in a new directory, and short ways to store and to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from coffre.contract import (
    NO_METADATA,
    ConnectionParameters,
    DigestAlgorithm,
    GetRequest,
    ListRequest,
    ObjectRef,
    PrepareResult,
    PutRequest,
    PutResult,
)
from coffre.drivers.filesystem import FilesystemConnection, FilesystemDriver
from coffre.streams import BytesContent


def ref_of(identifier: str, tenant: int = 0, container: str = "object") -> ObjectRef:
    return ObjectRef(tenant=tenant, container=container, identifier=identifier)


def parameters_of(root: Path | str, **values: object) -> ConnectionParameters:
    return ConnectionParameters.checked(FilesystemDriver.parameters, url=str(root), values=values)


def connect(root: Path | str, **values: object) -> FilesystemConnection:
    return FilesystemDriver().connect(parameters_of(root, **values))


def prepare(root: Path | str, **values: object) -> PrepareResult:
    return FilesystemDriver().prepare(parameters_of(root, **values))


def request_of(
    identifier: str,
    data: bytes = b"some bytes",
    *,
    metadata: Mapping[str, str] = NO_METADATA,
    replace: bool = False,
    algorithm: DigestAlgorithm = DigestAlgorithm.SHA512,
) -> PutRequest:
    return PutRequest(
        ref=ref_of(identifier),
        content=BytesContent(data),
        size=len(data),
        metadata=metadata,
        replace=replace,
        algorithm=algorithm,
    )


def store(
    connection: FilesystemConnection, identifier: str, data: bytes = b"some bytes"
) -> PutResult:
    return connection.put(request_of(identifier, data))


def read(connection: FilesystemConnection, identifier: str) -> bytes:
    with connection.get(GetRequest(ref=ref_of(identifier))) as found:
        return found.stream.read()


def names_in(connection: FilesystemConnection, container: str = "object") -> list[str]:
    with connection.list(ListRequest(tenant=0, container=container)) as listing:
        return [entry.identifier for entry in listing]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty directory."""
    made = tmp_path / "place"
    made.mkdir()
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A new offer."""
    made = tmp_path / "offer"
    prepare(made)
    return made


@pytest.fixture
def connection(root: Path) -> Iterator[FilesystemConnection]:
    """A session with a new offer."""
    with connect(root) as opened:
        yield opened
