"""Stat: what the service says of one object, without reading it."""

from __future__ import annotations

from coffre.contract import Evidence, StatRequest, StatResult
from coffre.drivers.azure.holding import holds_of
from coffre.drivers.azure.naming import Layout
from coffre.drivers.azure.reading import look_for
from coffre.drivers.azure.service import Service
from coffre.drivers.azure.sidecars import metadata_of


def stat(service: Service, layout: Layout, request: StatRequest) -> StatResult:
    """Ask about one object; see ``Connection.stat``."""
    ref = request.ref
    held = look_for(service, layout.place_of(ref), ref)
    return StatResult(
        size=held.size,
        evidence=Evidence.PRESENT,
        recorded=held.record.digest,
        recorded_size=held.record.size,
        metadata=metadata_of(service, layout, ref, held.record),
        stored_at=held.modified,
        retain_until=held.retained_until,
        ready=held.ready,
        holds=holds_of(service, layout, ref, held),
    )
