"""The cold driver keeps the contract, with objects on tape and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.contract import ConnectionParameters, ObjectRef
from coffre.drivers.cold import ColdDriver, LibraryControl
from coffre.pool import LimitedDriver, PooledDriver
from tests.conformance.harnesses import WITHOUT_MODEL


class ColdHarness(Harness):
    exclusive = True
    containers = ("object", "report", "a.b")
    large_object = 64 * 1024 * 1024

    def __init__(self, driver: ColdDriver | PooledDriver | LimitedDriver, root: Path) -> None:
        self.root = root
        super().__init__(driver, self._parameters(root))
        ColdDriver().prepare(self.parameters)

    def _parameters(self, root: Path) -> ConnectionParameters:
        return ConnectionParameters.checked(
            self.bare.parameters, url=root.as_uri(), values={"flush": False}
        )

    bare = ColdDriver()

    def _control(self) -> LibraryControl:
        return LibraryControl(self.parameters)

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        with self._control() as control:
            place = control.locate(ref)
        if place is None:
            return None
        with open(place.path, "rb") as file:
            file.seek(place.position)
            return file.read(place.size)

    def damage(self, ref: ObjectRef) -> None:
        with self._control() as control:
            control.damage(ref)

    def bytes_set_aside(self, place: str) -> bytes | None:
        return Path(place).read_bytes()

    def chill(self, ref: ObjectRef) -> None:
        with self._control() as control:
            control.chill(ref)

    def let_pass(self, seconds: float) -> None:
        with self._control() as control:
            control.let_pass(seconds)

    def new_place(self) -> ConnectionParameters:
        place = self.root.with_name("new-place")
        place.mkdir()
        return self._parameters(place)

    def unreachable(self) -> ConnectionParameters:
        return self._parameters(self.root / "not" / "there")

    def stop(self) -> None:
        """As when its disk is unmounted: the directory is there, and empty."""
        self.root.rename(self._aside)
        self.root.mkdir()

    def start(self) -> None:
        self.root.rmdir()
        self._aside.rename(self.root)

    @property
    def _aside(self) -> Path:
        return self.root.with_name("unmounted")


class TestColdDriver(DriverConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return ColdHarness(ColdDriver(), tmp_path / "library")


class TestPooledCold(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return ColdHarness(PooledDriver(ColdDriver()), tmp_path / "library")


class TestLimitedCold(DriverConformance):
    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return ColdHarness(LimitedDriver(ColdDriver()), tmp_path / "library")
