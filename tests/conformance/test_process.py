"""The process driver keeps the contract with the reference program, which is one file of C."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from coffre.contract import ConnectionParameters, Driver, ObjectRef
from tests.conformance.harness import Harness
from tests.conformance.kit import DriverConformance

SOURCE = Path(__file__).parents[2] / "examples" / "process_driver.c"
FOOTER = 16


class ProcessHarness(Harness):
    """An offer that the program in C keeps in a directory."""

    def __init__(self, driver: Driver, program: Path, root: Path) -> None:
        self.driver = driver
        self.root = root
        self.program = program
        self.parameters = self._parameters_of(root, "create=true")

    def _parameters_of(self, root: Path, options: str = "") -> ConnectionParameters:
        values = {"command": str(self.program), "options": options}
        return ConnectionParameters.checked(
            self.driver.parameters, url=root.as_uri(), values=values
        )

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        try:
            data = self._path(ref).read_bytes()
        except FileNotFoundError:
            return None
        return data[: len(data) - FOOTER - int(data[-FOOTER:-8], 16)]

    def damage(self, ref: ObjectRef) -> None:
        with self._path(ref).open("r+b") as file:
            first = file.read(1)
            file.seek(0)
            file.write(bytes([first[0] ^ 1]))

    def _path(self, ref: ObjectRef) -> Path:
        return self.root / "objects" / str(ref)

    def unreachable(self) -> ConnectionParameters:
        return self._parameters_of(self.root.with_name("not-there"))


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference program, compiled here."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here to make the reference program with")
    made = tmp_path_factory.mktemp("program") / "process_driver"
    strict = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]
    subprocess.run([compiler, *strict, "-Werror", "-o", made, SOURCE], check=True)
    return made


@pytest.fixture(scope="module")
def driver() -> Driver:
    (found,) = entry_points(group="coffre.drivers", name="process")
    made = found.load()()
    assert isinstance(made, Driver)
    return made


class TestProcessDriver(DriverConformance):
    @pytest.fixture
    def harness(self, driver: Driver, program: Path, tmp_path: Path) -> Harness:
        return ProcessHarness(driver, program, tmp_path / "offer")
