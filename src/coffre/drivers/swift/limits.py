"""Limits: what this cluster takes, as it says itself under ``/info``; cautious where it is silent.

Source: Swift's documentation, "Discoverability".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from coffre.http import HttpAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the driver has to know of a cluster. The defaults are those that Swift comes with."""

    largest_piece: int = 5 * 1024**3
    """Bytes of one object, or of one segment."""
    most_segments: int = 1000
    """Of one large object; zero where the cluster has no static large objects."""
    meta_value: int = 256
    """Bytes of one value of metadata."""
    meta_count: int = 90
    """Values of one object."""
    meta_bytes: int = 4096
    """Bytes of names and values of one object together."""
    bulk_deletes: int = 0
    """Deletions of one request; zero where the cluster takes them one by one only."""
    page: int = 10_000
    """Entries of one page of a listing."""


def limits_of(answer: HttpAnswer) -> Limits:
    """Read what a cluster says of itself; whatever it does not say is as usual."""
    if not answer.done:
        return Limits()
    try:
        told = json.loads(answer.body)
    except ValueError:
        return Limits()
    swift = _section(told, "swift")
    slo = _section(told, "slo")
    usual = Limits()
    return Limits(
        largest_piece=_number(swift, "max_file_size", usual.largest_piece),
        most_segments=_number(slo, "max_manifest_segments", 1000) if "slo" in told else 0,
        meta_value=_number(swift, "max_meta_value_length", usual.meta_value),
        meta_count=_number(swift, "max_meta_count", usual.meta_count),
        meta_bytes=_number(swift, "max_meta_overall_size", usual.meta_bytes),
        bulk_deletes=_number(_section(told, "bulk_delete"), "max_deletes_per_request", 0),
        page=_number(swift, "container_listing_limit", usual.page),
    )


def _section(told: object, name: str) -> Mapping[str, object]:
    section = told.get(name) if isinstance(told, dict) else None
    return section if isinstance(section, dict) else {}


def _number(section: Mapping[str, object], name: str, usual: int) -> int:
    value = section.get(name, usual)
    return value if type(value) is int and value >= 0 else usual
