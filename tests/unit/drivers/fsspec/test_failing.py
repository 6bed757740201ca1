"""A file system that refuses one step: what was there is there still, with its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from coffre.contract import (
    Connection,
    DeleteRequest,
    OfferError,
    OfferUnavailableError,
    QuarantineRequest,
    StatRequest,
)
from tests.conformance.harnesses import installed
from tests.unit.drivers.fsspec.test_parameters import parameters
from tests.unit.drivers.fsspec.test_tree import DATA, DESCRIBED, REF, store

OBJECT = f"/{REF.identifier}"


class Failing(LocalFileSystem):  # type: ignore[misc]
    """The local one, which fails where a test says so."""

    protocol = "failing"
    broken: Callable[[str, str], bool] = staticmethod(lambda _step, _path: False)

    def rm_file(self, path: str) -> None:
        self._break("remove", path)
        super().rm_file(path)

    def mv(self, path1: str, path2: str, **kwargs: object) -> None:
        self._break("rename", path2)
        super().mv(path1, path2, **kwargs)

    def _break(self, step: str, path: str) -> None:
        if type(self).broken(step, str(path)):
            raise OSError("the line is cut")


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    fsspec.register_implementation("failing", Failing, clobber=True)
    monkeypatch.setattr(Failing, "broken", staticmethod(lambda _step, _path: False))
    given = parameters(f"failing://{tmp_path}", renames=True)
    installed("fsspec").prepare(given)  # type: ignore[attr-defined]
    with installed("fsspec").connect(given) as connection:
        yield connection


def breaking(monkeypatch: pytest.MonkeyPatch, broken: Callable[[str, str], bool]) -> None:
    monkeypatch.setattr(Failing, "broken", staticmethod(broken))


def test_an_object_that_cannot_be_deleted_keeps_its_record(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(connection)
    breaking(monkeypatch, lambda step, path: step == "remove" and "records" not in path)
    with pytest.raises(OfferError):
        connection.delete(DeleteRequest(ref=REF))
    found = connection.stat(StatRequest(ref=REF))
    assert (found.recorded_size, found.metadata) == (len(DATA), DESCRIBED)


def test_an_object_that_cannot_be_set_aside_keeps_its_record(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(connection)
    breaking(
        monkeypatch,
        lambda step, path: step == "rename" and path.endswith(OBJECT) and "records" not in path,
    )
    with pytest.raises(OfferError):
        connection.quarantine(QuarantineRequest(ref=REF, reason="bad"))  # type: ignore[attr-defined]
    found = connection.stat(StatRequest(ref=REF))
    assert (found.recorded_size, found.metadata) == (len(DATA), DESCRIBED)


def test_an_object_whose_record_could_not_be_written_is_in_doubt(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, lambda step, path: step == "rename" and "records" in path)
    with pytest.raises(OfferUnavailableError) as caught:
        store(connection)
    assert caught.value.effect_unknown
    breaking(monkeypatch, lambda _step, _path: False)
    store(connection)
    assert connection.stat(StatRequest(ref=REF)).metadata == DESCRIBED
