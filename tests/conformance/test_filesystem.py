"""The filesystem driver keeps the contract; it is found by its entry point, like anyone's."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffre.conformance import DriverConformance, Harness
from tests.conformance.harnesses import EmptiedHarness, FilesystemHarness, installed


class TestFilesystemDriver(DriverConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return FilesystemHarness(installed("filesystem"), tmp_path / "offer")


class TestFilesystemThatIsEmptied(DriverConformance):
    """What stops when the service does: its files are gone from a directory that stays."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return EmptiedHarness(installed("filesystem"), tmp_path / "offer")
