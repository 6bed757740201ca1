"""Settings: how far a probe goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """How far a probe goes."""

    part_size: int | None = None
    """Bytes of the large objects; chosen by :func:`~coffre.probe.scratch.crossing` if ``None``."""
    page: int = 1100
    """Objects of the long listing: past a page of a thousand, which most services give."""
    retain: float = 20.0
    """Seconds for which an object is retained where retention is declared: the shortest date that
    a clock somewhat wrong does not spoil."""
    patience: float = 300.0
    """Seconds that one trial is given; what takes longer proves nothing."""
    tenants: tuple[int, ...] = ()
    """Empty tenants to try in, where the service knows only some; drawn by chance otherwise."""


DEFAULT_SETTINGS = ProbeSettings()
"""As far as is usual."""
