"""How long a service wants to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coffre.contract import SystemClock
from coffre.http import Headers, retry_after


class Noon(SystemClock):
    def now(self) -> datetime:
        return datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("999999999", 86400.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
    ],
)
def test_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, Noon()) == seconds


def test_nothing_is_said_without_the_header() -> None:
    assert retry_after({}, Noon()) is None


def test_a_date_is_held_against_the_clock_of_the_service() -> None:
    headers = Headers(
        [
            b"Date: Wed, 25 Nov 2026 00:00:00 GMT\r\n",
            b"Retry-After: Wed, 25 Nov 2026 00:00:10 GMT\r\n",
        ]
    )

    assert retry_after(headers, Noon()) == 10.0
