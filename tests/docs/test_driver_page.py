"""The driver of the how-to page keeps the contract: it passes the checks that ours pass."""

from __future__ import annotations

import importlib.util
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coffre.contract import ConnectionParameters, Driver, ObjectRef
from tests.conformance.harness import Harness
from tests.conformance.kit import DriverConformance
from tests.docs.pages import DOCS, blocks_of

PAGE = DOCS / "how-to" / "write-a-driver.md"
MODULE = "coffre_sqlite.py"
WHERE = "WHERE tenant = ? AND container = ? AND identifier = ?"


def driver_of_the_page(directory: Path) -> Driver:
    """Write the module that the page shows, and load its driver."""
    (code,) = (block.text for block in blocks_of(PAGE) if block.file == MODULE)
    path = directory / MODULE
    path.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    driver = module.SqliteDriver()
    assert isinstance(driver, Driver)
    return driver


class SqliteHarness(Harness):
    def __init__(self, driver: Driver, directory: Path) -> None:
        self.driver = driver
        self.path = directory / "objects.sqlite"
        self.parameters = ConnectionParameters.checked(
            driver.parameters, url=str(self.path), values={"create": True}
        )

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        with closing(sqlite3.connect(self.path)) as db:
            try:
                found = db.execute(f"SELECT bytes FROM objects {WHERE}", place(ref)).fetchone()
            except sqlite3.OperationalError:  # no object was ever stored
                return None
        return None if found is None else bytes(found[0])

    def damage(self, ref: ObjectRef) -> None:
        data = self.bytes_at_rest(ref)
        assert data
        with closing(sqlite3.connect(self.path)) as db, db:
            changed = bytes([data[0] ^ 1]) + data[1:]
            db.execute(f"UPDATE objects SET bytes = ? {WHERE}", (changed, *place(ref)))

    def unreachable(self) -> ConnectionParameters:
        return ConnectionParameters.checked(
            self.driver.parameters, url=f"{self.path.parent}/no/such/stick.sqlite"
        )


def place(ref: ObjectRef) -> tuple[int, str, str]:
    return ref.tenant, ref.container, ref.identifier


class TestDriverOfThePage(DriverConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return SqliteHarness(driver_of_the_page(tmp_path), tmp_path)
