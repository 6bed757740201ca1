"""Ctrl-C in the middle of a job: nothing half done, what was done is told, and it goes on."""

from __future__ import annotations

import os

import pytest

from tests.integration.cli.conftest import Archive

OBJECTS = 3000


@pytest.fixture
def source(archive: Archive) -> Archive:
    for number in range(OBJECTS):
        archive.file(f"source/{number:05}", str(number).encode())
    return archive


def test_a_job_that_was_interrupted_is_told_and_resumed(source: Archive) -> None:
    stopped = source.interrupted("put", "-r", "source", "--json", when=lambda line: "ref" in line)

    assert stopped.status == 1
    assert "again to go on" in stopped.err
    assert "Traceback" not in stopped.err
    receipts = [line for line in stopped.told if "ref" in line]
    assert stopped.summary.items() >= {"stored": len(receipts), "complete": False}.items()
    assert 0 < len(receipts) < OBJECTS

    assert source("audit", "-q").status == 0

    resumed = source("put", "-r", "source", "--json")
    assert resumed.status == 0
    assert resumed.summary["complete"] is True
    already = resumed.summary["already_stored"]
    assert isinstance(already, int)
    assert already >= len(receipts)
    assert resumed.summary["stored"] == OBJECTS - already
    assert source("audit", "-q").status == 0


def test_a_large_object_that_was_interrupted_is_not_there(archive: Archive) -> None:
    block = os.urandom(1 << 22)
    with open(archive.home / "large", "wb") as file:
        file.writelines(block for _ in range(64))

    stopped = archive.interrupted_after_reading("put", "large", "--json", count=32 << 20)

    assert stopped.status == 1
    assert stopped.summary.items() >= {"stored": 0, "complete": False}.items()
    assert archive("stat", "large").status == 3
    assert archive("audit").status == 0
    assert archive("put", "large").status == 0
