"""Delete: the object first, in one step; what it stored beside afterwards."""

from __future__ import annotations

from coffre.contract import DeleteRequest, DeleteResult, ObjectRef
from coffre.drivers.swift import records
from coffre.drivers.swift.answers import error_of, from_swift
from coffre.drivers.swift.place import Place
from coffre.drivers.swift.segments import let_go
from coffre.drivers.swift.service import NEWEST
from coffre.http import HttpAnswer

_TURNS = 4
"""Times that a delete is said again because a writer was there at the same moment."""


def delete(place: Place, request: DeleteRequest) -> DeleteResult:
    """Remove one object; see ``Connection.delete``."""
    service, ref = place.service, request.ref
    path = place.names.spot(ref).path
    before = look(place, ref)
    # Said even when nothing was found: a copy may be on its way to a server that was away.
    for _turn in range(_TURNS):
        answer = service.ask("DELETE", path)
        if answer.status != 409:  # a writer was there later than this request: say it again
            break
    absent = answer.status == 404 and from_swift(answer.headers)
    if not answer.done and not absent:
        raise error_of(answer, ref)
    put = records.put_in(before.headers) if before.done else None
    if put is not None and records.lies_beside(before.headers):
        let_go(service, place.names, ref, put, replaced=False)
    return DeleteResult(existed=not absent)


def look(place: Place, ref: ObjectRef) -> HttpAnswer:
    """What is said of an object, or that there is none.

    Raises:
        OfferError: that cannot be known now.
    """
    answer = place.service.ask("HEAD", place.names.spot(ref).path, NEWEST)
    absent = answer.status == 404 and from_swift(answer.headers)
    if not answer.done and not absent:
        raise error_of(answer, ref, safe=True)
    return answer
