"""The reference program, compiled from its one file of C: for every test that wants it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from coffre.contract import ConnectionParameters
from coffre.drivers.process import ProcessConnection, ProcessDriver

SOURCE = Path(__file__).parents[4] / "examples" / "process_driver.c"
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")
FOOTER = 16
"""Bytes at the end of an object's file that say how long its record is."""


def compiled(directory: Path, *options: str) -> Path:
    """The program, made with further options of the compiler; skips where there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here to make the reference program with")
    made = directory / "process_driver"
    subprocess.run([compiler, *STRICT, *options, "-o", made, SOURCE], check=True)
    return made


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("program"), "-O2")


def reference_parameters(program: Path, root: Path, **values: object) -> ConnectionParameters:
    """Parameters of an offer that the program keeps in a directory."""
    given = {"command": f"'{program}'", "options": "create=true", **values}
    return ConnectionParameters.checked(ProcessDriver.parameters, url=root.as_uri(), values=given)


def connect_to(program: Path, root: Path) -> ProcessConnection:
    return ProcessDriver().connect(reference_parameters(program, root))
