"""Legal holds: the service keeps one for each version, on or off; its id lies in a blob of ours.

A hold is placed by writing its id under ``.holds/`` (created, never overwritten: of two who place
one, one is told of the other), then by switching the hold on. It is lifted the other way round,
under a lease on that blob: a lifting that comes late never switches off what was placed meanwhile.
Interrupted between both, either can be done again.

Source: Azure Storage, "Set Blob Legal Hold", "Lease Blob". As for retention, no emulator has holds.
"""

from __future__ import annotations

from uuid import uuid4

from coffre.contract import (
    HoldResult,
    LiftHoldRequest,
    ObjectNotFoundError,
    ObjectRef,
    PlaceHoldRequest,
    UnsupportedOperationError,
)
from coffre.drivers.azure.blocks import md5_of
from coffre.drivers.azure.errors import code_of
from coffre.drivers.azure.naming import Layout, Place
from coffre.drivers.azure.reading import Held, look_for
from coffre.drivers.azure.service import Service

HOLDS = ".holds/"
FOREIGN = "unnamed"
"""Told of a hold that was set by other means; lifted by them only."""
_LEASE = 60
"""Seconds of a lease: the longest that ends by itself, many times what two requests take."""


def place_hold(service: Service, layout: Layout, request: PlaceHoldRequest) -> HoldResult:
    """Forbid deletion and replacement; see ``SupportsLegalHold``."""
    ref = request.ref
    held = look_for(service, layout.place_of(ref), ref)
    found = _name(service, layout, ref)
    if (held.on_hold and found is None) or found not in (None, request.id):
        raise UnsupportedOperationError(
            "the service keeps one hold for each object, and there is another one", ref=ref
        )
    if found is None:
        _write(service, layout, request)
    _switch(service, layout, ref, on=True)
    return HoldResult(holds=frozenset({request.id}))


def lift_hold(service: Service, layout: Layout, request: LiftHoldRequest) -> HoldResult:
    """Lift one hold; see ``SupportsLegalHold``."""
    ref = request.ref
    held = look_for(service, layout.place_of(ref), ref)
    if _name(service, layout, ref) != request.id:
        return HoldResult(holds=holds_of(service, layout, ref, held))
    lease = _lease(service, layout, ref)
    if lease is not None and _name(service, layout, ref) == request.id:
        _switch(service, layout, ref, on=False)
        path = _aside(layout, ref).path
        service.done("DELETE", path, (), {"x-ms-lease-id": lease}, ref=ref)
    return HoldResult(holds=frozenset())


def holds_of(service: Service, layout: Layout, ref: ObjectRef, held: Held) -> frozenset[str]:
    """Ids of the holds that an object is under."""
    if not held.on_hold:
        return frozenset()
    return frozenset({_name(service, layout, ref) or FOREIGN})


def _aside(layout: Layout, ref: ObjectRef) -> Place:
    return layout.aside(HOLDS, ref, "hold")


def _name(service: Service, layout: Layout, ref: ObjectRef) -> str | None:
    """Id of the hold that was placed last and not lifted; ``None`` when there is none."""
    try:
        return service.done("GET", _aside(layout, ref).path, ref=ref).body.decode()
    except ObjectNotFoundError:
        return None


def _write(service: Service, layout: Layout, request: PlaceHoldRequest) -> None:
    data = request.id.encode()
    headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": md5_of(data), "If-None-Match": "*"}
    path = _aside(layout, request.ref).path
    answer = service.ask("PUT", path, (), headers, data, ref=request.ref)
    taken = code_of(answer) == "BlobAlreadyExists"
    if taken and _name(service, layout, request.ref) != request.id:
        raise UnsupportedOperationError(
            "another hold was placed at the same moment, and there is room for one", ref=request.ref
        )
    if not taken and not answer.done:
        raise service.refused(answer, request.ref, changing=True)


def _lease(service: Service, layout: Layout, ref: ObjectRef) -> str | None:
    """Take the blob of the id for this lifting alone; ``None`` when it is gone by now."""
    headers = {
        "x-ms-lease-action": "acquire",
        "x-ms-lease-duration": str(_LEASE),
        "x-ms-proposed-lease-id": str(uuid4()),
    }
    query = (("comp", "lease"),)
    try:
        answer = service.done("PUT", _aside(layout, ref).path, query, headers, b"", ref=ref)
    except ObjectNotFoundError:
        return None
    return answer.headers.get("x-ms-lease-id", headers["x-ms-proposed-lease-id"])


def _switch(service: Service, layout: Layout, ref: ObjectRef, *, on: bool) -> None:
    headers = {"x-ms-legal-hold": "true" if on else "false"}
    path = layout.place_of(ref).path
    service.done("PUT", path, (("comp", "legalhold"),), headers, b"", ref=ref)
