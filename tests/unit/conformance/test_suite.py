"""The pytest face: one test for each trial, failures that say what the command would say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from coffre.conformance import select

PAGE = """
import pytest
from coffre.conformance import DriverConformance, Harness
from coffre.contract import ConnectionParameters
from coffre.testing import ChaosDriver, LyingDigest, MemoryDriver, Rule

class TestOne(DriverConformance):
    excused = {"put.evidence": "the service does not tell"}

    @pytest.fixture
    def harness(self):
        driver = ChaosDriver(MemoryDriver(), [Rule("put", LyingDigest(), times=None)])
        return Harness(driver, ConnectionParameters(url="memory://suite"))
"""


def pytest_on(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (directory / "test_one.py").write_text(PAGE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def test_each_trial_is_a_test_and_a_failure_tells_the_finding(tmp_path: Path) -> None:
    done = pytest_on(
        tmp_path,
        "--conformance-only=put.result",
        "--conformance-only=put.evidence",
        "--conformance-only=put.conflict",
        "--conformance-seed=5",
    )

    counted = [len(select(only=[f"put.{one}"])) for one in ("conflict", "evidence")]
    assert f"failed, {counted[0]} passed, {counted[1]} skipped" in done.stdout
    assert "the service does not tell" in done.stdout
    assert "duty put.result: Size and digest in the result" in done.stdout
    assert "again:  pytest 'test_one.py::TestOne::test_duty[put.result/" in done.stdout
    assert "--conformance-seed 5" in done.stdout


def test_profiles_can_be_chosen(tmp_path: Path) -> None:
    done = pytest_on(tmp_path, "--conformance-profile=range-read", "--collect-only")

    assert "range-read.exact" in done.stdout
    assert "put.whole" not in done.stdout


def test_a_check_of_another_profile_leaves_a_class_without_tests(tmp_path: Path) -> None:
    done = pytest_on(tmp_path, "--conformance-only=limits.large")

    assert done.returncode == 0
    assert "1 skipped" in done.stdout


def test_a_check_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = pytest_on(tmp_path, "--conformance-only=put.perfect")

    assert done.returncode != 0
    assert "put.perfect" in done.stdout
