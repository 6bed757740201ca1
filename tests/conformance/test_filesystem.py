"""The filesystem driver keeps the contract; it is found by its entry point, like anyone's."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

import pytest

from coffre.contract import ConnectionParameters, Driver, ObjectRef, SupportsPrepare
from tests.conformance.harness import Harness
from tests.conformance.kit import DriverConformance


class FilesystemHarness(Harness):
    def __init__(self, driver: Driver, root: Path) -> None:
        self.driver = driver
        self.root = root
        self.parameters = self._parameters_of(root)
        cast(SupportsPrepare, driver).prepare(self.parameters)

    def _parameters_of(self, root: Path) -> ConnectionParameters:
        return ConnectionParameters.checked(self.driver.parameters, url=root.as_uri())

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        path = self._path(ref)
        return None if path is None else path.read_bytes()

    def damage(self, ref: ObjectRef) -> None:
        path = self._path(ref)
        assert path is not None
        data = path.read_bytes()
        path.chmod(0o644)
        # In place: a new file would lose the record that lies beside the bytes.
        with path.open("r+b") as file:
            file.write(bytes([data[0] ^ 1]))

    def _path(self, ref: ObjectRef) -> Path | None:
        place = self.root / str(ref.tenant) / ref.container
        return next(place.glob(f"*/{ref.identifier}"), None)

    def new_place(self) -> ConnectionParameters:
        place = self.root.with_name("new-place")
        place.mkdir()
        return self._parameters_of(place)

    def unreachable(self) -> ConnectionParameters:
        return ConnectionParameters(url=(self.root / "not" / "there").as_uri())


@pytest.fixture(scope="module")
def driver() -> Driver:
    (found,) = entry_points(group="coffre.drivers", name="filesystem")
    made = found.load()()
    assert isinstance(made, Driver)
    return made


class TestFilesystemDriver(DriverConformance):
    @pytest.fixture
    def harness(self, driver: Driver, tmp_path: Path) -> Harness:
        return FilesystemHarness(driver, tmp_path / "offer")
