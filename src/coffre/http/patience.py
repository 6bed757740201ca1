"""How long a service wants to be left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from coffre.contract import SYSTEM_CLOCK, Clock

_LONGEST = 24 * 3600.0
"""Seconds. Whoever asks for more is believed to have meant this much."""


def retry_after(headers: Mapping[str, str], clock: Clock = SYSTEM_CLOCK) -> float | None:
    """Seconds named by ``Retry-After``, be it as a number or as a date; ``None`` without one.

    A date is held against the answer's own ``Date`` where there is one, so that a clock that is
    wrong on either side does not matter.

    Source: RFC 9110, 10.2.3.
    """
    value = headers.get("Retry-After", headers.get("retry-after", "")).strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST)
    until = _seconds(value)
    if until is None:
        return None
    now = _seconds(headers.get("Date", headers.get("date", "")))
    elapsed = until - (clock.now().timestamp() if now is None else now)
    return min(max(elapsed, 0.0), _LONGEST)


def _seconds(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
