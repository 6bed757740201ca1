"""Who is honest passes, every time: no check of the kit is a matter of luck.

Three times each, or as often as ``COFFRE_HONEST_RUNS`` says; every run has a seed of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coffre.conformance import Harness, Report, finding_text, run
from coffre.testing import MemoryDriver
from tests.conformance.harnesses import FilesystemHarness, MemoryHarness, installed
from tests.liars.honest import HonestDriver, HonestHarness, SmallHarness

pytestmark = pytest.mark.slow

SEEDS = range(int(os.environ.get("COFFRE_HONEST_RUNS", "3")))


def innocent(harness: Harness, seed: int) -> Report:
    report = run(harness, seed=seed)
    told = "\n\n".join(finding_text(finding) for finding in report.findings)
    assert report.passed, told
    return report


@pytest.mark.parametrize("seed", SEEDS)
def test_the_memory_driver_is_innocent(seed: int) -> None:
    innocent(MemoryHarness(MemoryDriver()), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_filesystem_driver_is_innocent(seed: int, tmp_path: Path) -> None:
    innocent(FilesystemHarness(installed("filesystem"), tmp_path / "offer"), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_driver_that_liars_are_made_of_is_innocent(seed: int) -> None:
    report = innocent(HonestHarness(HonestDriver()), seed)

    small = run(SmallHarness(HonestDriver()), only=["capacity.full"], seed=seed)
    assert small.passed

    # A check that is not tried on it could not catch a liar either.
    tried = {verdict.duty for verdict in report.verdicts if verdict.outcome == "passed"}
    assert {one.duty for one in report.not_tried() if one.profile != "faults"} - tried <= {
        "capacity.full",
        "prepare.once",
        "request.refused",
    }
