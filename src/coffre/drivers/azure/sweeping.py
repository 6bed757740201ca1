"""Sweep: what writers that died have left.

*Sidecars* that no object names are removed, once they are older than both the request and the
longest put is long. *Blocks* that no list ever named are nobody's to remove: the service lets
them vanish a week after the last one was sent. They are counted as kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from coffre.contract import ObjectNotFoundError, ObjectRef, SweepRequest, SweepResult
from coffre.drivers.azure.errors import code_of
from coffre.drivers.azure.listing import Blob, containers, list_blobs
from coffre.drivers.azure.naming import METADATA, Layout, Place, Space, ref_aside
from coffre.drivers.azure.reading import look_for
from coffre.drivers.azure.records import Record
from coffre.drivers.azure.service import Service

YOUNGEST = 3600.0
"""Seconds that a sidecar is left alone, whatever is asked: its object is published one request
after it was written, and a request whose bytes still move has no other bound."""


def sweep(service: Service, layout: Layout, request: SweepRequest) -> SweepResult:
    """Remove leftovers; see ``SupportsSweep``."""
    removed = kept = freed = 0
    for blob in list_blobs(service, layout, Space(layout.container, METADATA)):
        ref = ref_aside(METADATA, blob.name)
        if ref is None or _is_named(service, layout, ref, blob):
            continue
        if _age(blob.modified, service.clock.now()) < max(request.older_than, YOUNGEST):
            kept += 1
            continue
        gone = service.ask("DELETE", Place(layout.container, blob.name).path)
        if not gone.done and code_of(gone) != "BlobNotFound":
            kept += 1
            continue
        removed, freed = removed + 1, freed + blob.size
    return SweepResult(removed=removed, kept=kept + _half_sent(service, layout), freed=freed)


def _age(modified: datetime | None, now: datetime) -> float:
    return 0.0 if modified is None else (now - modified).total_seconds()


def _is_named(service: Service, layout: Layout, ref: ObjectRef, blob: Blob) -> bool:
    """Whether the object that a sidecar is about names this very one."""
    try:
        record: Record = look_for(service, layout.place_of(ref), ref).record
    except ObjectNotFoundError:
        return False
    name = (record.elsewhere or "").partition(" ")[0]
    return name == blob.name.rpartition("/")[2]


def _half_sent(service: Service, layout: Layout) -> int:
    """Blobs of which there are blocks only: listed as empty, and not found."""
    return sum(1 for place in _empty(service, layout) if _is_absent(service, place))


def _empty(service: Service, layout: Layout) -> Iterator[Place]:
    for space in _spaces(service, layout):
        for blob in list_blobs(service, layout, space, uncommitted=True):
            if blob.size == 0:
                yield Place(space.container, blob.name)


def _spaces(service: Service, layout: Layout) -> Iterator[Space]:
    yield Space(layout.container, "")
    if layout.each:
        for entry in containers(service, layout):
            yield layout.space_of(entry.tenant, entry.container)


def _is_absent(service: Service, place: Place) -> bool:
    return service.ask("HEAD", place.path).status == 404
