"""Durations, as a person writes them: ``90``, ``90s``, ``5m``, ``1h``."""

from __future__ import annotations

import re

from coffre.cli.errors import UsageError

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*)", re.ASCII)


def seconds_of(text: str) -> float:
    """Seconds of a duration; a bare number is one of seconds.

    Raises:
        UsageError: it is not written so, or is nothing.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is not None and found[2] in _SECONDS:
        seconds = float(found[1]) * _SECONDS[found[2]]
        if seconds > 0:
            return seconds
    raise UsageError(f"{text!r} is no duration: write 90s, 5m or 1h")
