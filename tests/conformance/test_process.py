"""The process driver keeps the contract with the reference program, which is one file of C."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre.conformance import DriverConformance, Harness
from coffre.contract import ConnectionParameters, Driver, ObjectRef
from coffre.pool import LimitedDriver, PooledDriver, PoolSettings
from coffre.testing import ChaosDriver
from tests.conformance.harnesses import WITHOUT_MODEL, installed
from tests.unit.drivers.process.reference import FOOTER, reference_parameters
from tests.unit.drivers.process.reference import program as program

PASSWORD = "open, sésame"


def bytes_in(path: Path) -> bytes | None:
    """What a file of the program holds before the record at its end."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return data[: len(data) - FOOTER - int(data[-FOOTER:-8], 16)]


class ProcessHarness(Harness):
    """An offer that the program in C keeps in a directory."""

    exclusive = True
    containers = ("object", "report", "a.b")

    def __init__(self, driver: Driver, program: Path, root: Path) -> None:
        self.program = program
        self.root = root
        self.password = root.with_name("password")
        self.password.write_text(PASSWORD, encoding="utf-8")
        making = reference_parameters(program, root, secret=PASSWORD)
        driver.connect(making).close()  # makes the offer, once
        super().__init__(driver, self._parameters_of(root))

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        return bytes_in(self._path(ref))

    def bytes_set_aside(self, place: str) -> bytes | None:
        return bytes_in(self.root / place)

    def damage(self, ref: ObjectRef) -> None:
        with self._path(ref).open("r+b") as file:
            first = file.read(1)
            file.seek(0)
            file.write(bytes([first[0] ^ 1]))

    def _path(self, ref: ObjectRef) -> Path:
        return self.root / "objects" / str(ref)

    def _parameters_of(self, root: Path) -> ConnectionParameters:
        secret = {"file": str(self.password)}
        return reference_parameters(self.program, root, options="", secret=secret)

    def unreachable(self) -> ConnectionParameters:
        return self._parameters_of(self.root.with_name("not-there"))

    def other_user(self) -> ConnectionParameters:
        """The program knows no users; what differs is how long it is waited for."""
        return reference_parameters(
            self.program, self.root, options="", secret=PASSWORD, timeout=77.0
        )

    def refused_user(self) -> ConnectionParameters:
        return reference_parameters(self.program, self.root, options="", secret="a wrong guess")

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


class TestProcessDriver(DriverConformance):
    @pytest.fixture
    def harness(self, program: Path, tmp_path: Path) -> Harness:
        return ProcessHarness(installed("process"), program, tmp_path / "offer")


class TestPooledProcessDriver(DriverConformance):
    """One program serves one operation after the other, as it does in ordinary use."""

    @pytest.fixture
    def harness(self, program: Path, tmp_path: Path) -> Iterator[Harness]:
        with PooledDriver(installed("process"), PoolSettings(max_size=64)) as pooled:
            driver = LimitedDriver(pooled, max_concurrent=64)
            yield ProcessHarness(driver, program, tmp_path / "offer")


class TestCalmChaosAroundAProcess(DriverConformance):
    """Chaos without a fault changes nothing, around a driver that is not in this process either."""

    profiles = WITHOUT_MODEL

    @pytest.fixture
    def harness(self, program: Path, tmp_path: Path) -> Harness:
        return ProcessHarness(ChaosDriver(installed("process")), program, tmp_path / "offer")
