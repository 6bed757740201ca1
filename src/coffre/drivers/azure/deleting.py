"""Delete: look, then take away the blob, and what was kept apart of it."""

from __future__ import annotations

from coffre.contract import DeleteRequest, DeleteResult, ObjectNotFoundError
from coffre.drivers.azure.naming import Layout
from coffre.drivers.azure.reading import look_for
from coffre.drivers.azure.retaining import refuse_retained
from coffre.drivers.azure.service import Service
from coffre.drivers.azure.sidecars import forget


def delete(service: Service, layout: Layout, request: DeleteRequest) -> DeleteResult:
    """Remove one object; see ``Connection.delete``.

    Snapshots that others made of it go as well: the service deletes no blob that has some.
    """
    ref = request.ref
    place = layout.place_of(ref)
    try:
        held = look_for(service, place, ref)
        refuse_retained(held, ref, service.clock.now())
        service.done("DELETE", place.path, (), {"x-ms-delete-snapshots": "include"}, ref=ref)
    except ObjectNotFoundError:
        return DeleteResult(existed=False)
    forget(service, layout, ref, held.record)
    return DeleteResult(existed=True)
