"""Dates of retention are kept in whole seconds, and never shortened by that."""

from __future__ import annotations

from datetime import datetime

import pytest

from coffre.drivers.s3.locking import lock_date


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("2026-11-24T20:00:00+00:00", "2026-11-24T20:00:00Z"),
        ("2026-11-24T20:00:00.000001+00:00", "2026-11-24T20:00:01Z"),
        ("2026-11-24T23:59:59.5+01:00", "2026-11-24T23:00:00Z"),
        ("2026-12-31T23:59:59.999999+00:00", "2027-01-01T00:00:00Z"),
    ],
)
def test_a_date_is_never_earlier_than_asked_for(asked: str, kept: str) -> None:
    assert lock_date(datetime.fromisoformat(asked)) == kept
