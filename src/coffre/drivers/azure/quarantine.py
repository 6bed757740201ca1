"""Quarantine: bad bytes are copied inside the service, then the bad object is taken away.

The service renames nothing. The copy is whole before the object is touched; the one step that
others see is the deletion, which only takes away the very version that was copied. Interrupted
between both, nothing is lost: the object is still there, and a copy of it as well. Metadata that
are a blob of their own are copied too: once no object names them, a sweep takes them away.
"""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

from coffre.contract import (
    ObjectCorruptError,
    ObjectRef,
    OfferFailedError,
    OfferTimeoutError,
    QuarantineRequest,
    QuarantineResult,
)
from coffre.drivers.azure.blocks import md5_of
from coffre.drivers.azure.naming import QUARANTINE, Layout, Place
from coffre.drivers.azure.reading import Held, look_for
from coffre.drivers.azure.records import ROOM, Record, as_json, identity, inline
from coffre.drivers.azure.retaining import refuse_retained
from coffre.drivers.azure.service import Service, unseen
from coffre.drivers.azure.sidecars import metadata_of

_FIRST, _LONGEST = 0.05, 5.0
"""Seconds between looks at a copy that takes time: twice as long after each, up to the longest."""
_PATIENCE = 3600.0
"""Seconds after which a copy is given up."""
BESIDE = ".metadata"
"""What the name of metadata has more than that of the bytes they belong to."""


def quarantine(service: Service, layout: Layout, request: QuarantineRequest) -> QuarantineResult:
    """Set one object aside; see ``SupportsQuarantine``."""
    ref = request.ref
    place = layout.place_of(ref)
    held = look_for(service, place, ref)
    refuse_retained(held, ref, service.clock.now())
    aside = layout.aside(QUARANTINE, ref, uuid4().hex)
    _copy(service, place, aside, held, request)
    there = look_for(service, aside, ref)
    if there.size != held.size:
        raise OfferFailedError(
            f"the service copied {there.size} of {held.size} bytes; nothing was taken away", ref=ref
        )
    _keep_metadata(service, layout, request, held.record, aside)
    headers = {"If-Match": held.etag, "x-ms-delete-snapshots": "include"}
    service.done("DELETE", place.path, (), headers, ref=ref)
    return QuarantineResult(place=str(aside), size=held.size)


def _copy(
    service: Service, source: Place, target: Place, held: Held, request: QuarantineRequest
) -> None:
    headers = {
        "x-ms-copy-source": service.address(source.path),
        "x-ms-source-if-match": held.etag,
        "If-None-Match": "*",
        **_told(held.record, request.reason),
    }
    with unseen():
        answer = service.done("PUT", target.path, (), headers, b"", ref=request.ref)
        _wait(service, target, answer.headers.get("x-ms-copy-status", "success"), request.ref)


def _keep_metadata(
    service: Service, layout: Layout, request: QuarantineRequest, record: Record, aside: Place
) -> None:
    """Put metadata that are too long for a header beside the bytes they belong to."""
    if record.elsewhere is None:
        return
    try:
        data = as_json(metadata_of(service, layout, request.ref, record)).encode()
    except ObjectCorruptError:
        return  # they were lost before
    headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": md5_of(data), "If-None-Match": "*"}
    with unseen():
        service.done("PUT", f"{aside.path}{BESIDE}", (), headers, data, ref=request.ref)


def _told(record: Record, reason: str) -> dict[str, str]:
    """What it was, and why it is here: a copy has the metadata of its source or those it is given.

    Long metadata are left out, rather than have the service refuse the copy.
    """
    told = {"x-ms-meta-coffre_reason": quote(reason[:500])}
    if record.digest is not None and record.size is not None:
        told |= identity(record.digest, record.size)
    kept = told | (inline(record.metadata) or {})
    return kept if sum(map(len, kept.values())) <= ROOM else told


def _wait(service: Service, target: Place, status: str, ref: ObjectRef) -> None:
    """Wait for a copy that the service makes by and by: large ones, or across its stamps."""
    clock = service.clock
    until, pause = clock.monotonic() + _PATIENCE, _FIRST
    while status == "pending":
        if clock.monotonic() > until:
            raise OfferTimeoutError("the copy into quarantine takes too long", ref=ref)
        clock.sleep(pause)
        pause = min(pause * 2, _LONGEST)
        status = service.done("HEAD", target.path, ref=ref).headers.get("x-ms-copy-status", "")
    if status != "success":
        raise OfferFailedError(f"the copy into quarantine ended as {status!r}", ref=ref)
