"""The power is cut under writers, on real file systems: what was acknowledged is there.

A kill keeps the page cache, so it can never find a flush that is missing; this can. The last
test shows that it does: without flushes, acknowledged objects are lost.
"""

from __future__ import annotations

import json

import pytest

from tests.faults.filesystem.apart import run_apart

ROUNDS = 3

pytestmark = [pytest.mark.slow, pytest.mark.power]


def cut(kind: str, job: str, *options: str, rounds: int = ROUNDS) -> list[str]:
    """Promises found broken after so many cuts; skips with the reason where it cannot be done."""
    said = run_apart(
        "tests.faults.filesystem.power_cut",
        kind,
        job,
        "1",
        str(rounds),
        *options,
        tools=(f"mkfs.{kind}",),
    )
    found = json.loads(said)
    assert (found["rounds"], found["acknowledged"] > 0) == (rounds, True)
    return list(found["broken"])


@pytest.mark.parametrize("records", ["auto", "sidecar"])
@pytest.mark.parametrize("job", ["put", "bulk", "replace"])
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_what_was_acknowledged_survives_whole(kind: str, job: str, records: str) -> None:
    assert cut(kind, job, f'records="{records}"') == []


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_without_flushes_it_does_not(kind: str) -> None:
    broken = cut(kind, "put", "flush=false", rounds=1)

    assert any("was acknowledged and is gone" in line for line in broken)
