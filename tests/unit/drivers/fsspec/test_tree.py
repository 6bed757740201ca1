"""One layout: what this driver stores the filesystem driver reads, and the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.contract import (
    Connection,
    Evidence,
    GetRequest,
    ListRequest,
    ObjectRef,
    OfferFailedError,
    PutRequest,
    StatRequest,
)
from coffre.drivers.fsspec import FsspecConnection
from coffre.drivers.fsspec.root import Root
from coffre.streams import BytesContent
from tests.conformance.harnesses import installed
from tests.unit.drivers.fsspec.test_parameters import parameters

REF = ObjectRef(tenant=0, container="object", identifier="charter.pdf")
DATA = b"the charter of the town"
DESCRIBED = {"title": "Stadtrecht, Ältere Fassung"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    installed("fsspec").prepare(parameters(tmp_path.as_uri()))  # type: ignore[attr-defined]
    return tmp_path


def store(connection: Connection) -> Evidence:
    content = BytesContent(DATA)
    request = PutRequest(ref=REF, content=content, size=len(DATA), metadata=DESCRIBED)
    return connection.put(request).evidence


@pytest.mark.parametrize(("writer", "reader"), [("fsspec", "filesystem"), ("filesystem", "fsspec")])
def test_what_one_driver_stores_the_other_reads(root: Path, writer: str, reader: str) -> None:
    given = parameters(root.as_uri())
    bare = type(given)(url=given.url)
    values = {"records": "sidecar"} if writer == "filesystem" else {}
    told = type(given).checked(installed(writer).parameters, url=given.url, values=values)
    with installed(writer).connect(told) as connection:
        store(connection)
    with installed(reader).connect(bare) as connection:
        with connection.get(GetRequest(ref=REF)) as found:
            assert found.stream.read() == DATA
        assert connection.stat(StatRequest(ref=REF)).metadata == DESCRIBED
        listed = connection.list(ListRequest(tenant=0, container="object"))
        assert [entry.identifier for entry in listed] == [REF.identifier]


def test_bytes_that_come_back_otherwise_are_never_published(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that keeps other bytes than it was given."""
    create = Root.create

    class Spoiling:
        def __init__(self, path: str) -> None:
            self.file = create(connection._root, path)

        def write(self, data: bytes) -> object:
            return self.file.write(bytes(data).replace(b"town", b"city"))

        def close(self) -> object:
            return self.file.close()

    with FsspecConnection(parameters(root.as_uri())) as connection:
        monkeypatch.setattr(Root, "create", lambda self, path: Spoiling(path))
        with pytest.raises(OfferFailedError, match="other bytes"):
            store(connection)
        monkeypatch.undo()
        assert list(connection.list(ListRequest(tenant=0, container="object"))) == []
        assert list((root / ".coffre/parts").iterdir()) == []
        assert store(connection) is Evidence.READ
