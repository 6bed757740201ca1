"""Access requests: objects of the archive tier are brought back to one that can be read.

The service keeps no list of requests: a ticket is a name made up here, and its answer is found by
asking about its objects. An object that was brought back stays so: nothing expires, and nothing
that was begun can be called off.

Source: Azure Storage, "Set Blob Tier", "Blob rehydration from the archive tier".
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from coffre.contract import (
    AccessRequest,
    AccessState,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    ObjectNotFoundError,
    ObjectRef,
)
from coffre.drivers.azure.naming import Layout
from coffre.drivers.azure.reading import look_for
from coffre.drivers.azure.service import Service, unseen


def request_access(service: Service, layout: Layout, request: AccessRequest) -> AccessTicket:
    """Have each object brought back that is not, and is not on its way."""
    for ref in request.refs:
        _thaw(service, layout, ref)
    return AccessTicket(id=uuid4().hex, refs=tuple(request.refs))


def _thaw(service: Service, layout: Layout, ref: ObjectRef) -> None:
    place = layout.place_of(ref)
    try:
        held = look_for(service, place, ref)
    except ObjectNotFoundError:
        return
    if held.ready or held.rehydrating:
        return
    headers = {
        "x-ms-access-tier": service.settings.rehydrate_to.capitalize(),
        "x-ms-rehydrate-priority": service.settings.rehydrate_priority.capitalize(),
    }
    with unseen():
        service.done("PUT", place.path, (("comp", "tier"),), headers, b"", ref=ref)


def access_status(
    service: Service, layout: Layout, request: AccessStatusRequest
) -> Sequence[AccessStatus]:
    """Ask about each object of each ticket."""
    return [_status(service, layout, ticket) for ticket in request.tickets]


def _status(service: Service, layout: Layout, ticket: AccessTicket) -> AccessStatus:
    ready = sum(1 for ref in ticket.refs if _is_ready(service, layout, ref))
    state = AccessState.READY if ready == len(ticket.refs) else AccessState.WAITING
    return AccessStatus(state=state, ready=ready)


def _is_ready(service: Service, layout: Layout, ref: ObjectRef) -> bool:
    try:
        return look_for(service, layout.place_of(ref), ref).ready
    except ObjectNotFoundError:
        return True
