"""Quarantine: bad bytes copied aside, then taken out of sight in one step.

Swift cannot rename. The copy is made first, so that nothing is lost when the rest fails. A large
object is copied by its manifest alone, by the service, and keeps its segments. The bytes of any
other are read and stored again by us, once: Swift takes an object away by itself when it has read
it to its end and found another MD5 than it knew, and refuses to copy such a one.

Nor can Swift delete *only this version*: so it is looked, right before the deletion, whether what
is there is still what was copied. A writer that stores within that one request is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from coffre.contract import (
    ObjectRef,
    OfferFailedError,
    OfferUnavailableError,
    QuarantineRequest,
    QuarantineResult,
)
from coffre.drivers.swift import records
from coffre.drivers.swift.answers import error_of
from coffre.drivers.swift.deleting import look
from coffre.drivers.swift.names import Spot
from coffre.drivers.swift.place import Place
from coffre.drivers.swift.segments import make_container
from coffre.drivers.swift.service import NEWEST
from coffre.drivers.swift.writers import begin_put, end_put
from coffre.http import HttpAnswer

_REASON = "X-Object-Meta-Coffre-Reason"
_META = "x-object-meta-"
_HALF = re.compile(r"%[0-9A-F]?$")


def quarantine(place: Place, request: QuarantineRequest) -> QuarantineResult:
    """Set one object aside; see ``SupportsQuarantine``."""
    service, ref = place.service, request.ref
    spot = place.names.spot(ref)
    held = service.done("HEAD", spot.path, NEWEST, ref=ref)
    aside = place.names.aside(ref, records.put_in(held.headers) or _foreign())
    # Before anything is read: a second reading may find nothing.
    make_container(service, place.names.quarantine)
    if "X-Static-Large-Object" in held.headers:
        answer = _copy(place, spot, aside, request.reason)
    else:
        answer = _carry(place, request, aside, held)
    if not answer.done:
        raise error_of(answer, ref)
    size = _checked(place, request, aside, held)
    now = look(place, ref)
    if now.done:
        _refuse_another(held, now.headers, ref)
    gone = service.ask("DELETE", spot.path)
    if not gone.done and gone.status != 404:
        raise error_of(gone, ref)
    return QuarantineResult(place=f"{aside.container}/{aside.name}", size=size)


def _foreign() -> str:
    """A name for an object that no put of ours has made."""
    name = begin_put()
    end_put(name)
    return name


def _copy(place: Place, spot: Spot, aside: Spot, reason: str) -> HttpAnswer:
    headers = {"Destination": aside.path, _REASON: _told(reason), "X-Remove-Delete-At": "true"}
    return place.service.ask("COPY", f"{spot.path}?multipart-manifest=get", headers)


def _told(reason: str) -> str:
    """As much of a reason as one header takes, escaped where it is not plain."""
    return _HALF.sub("", quote(reason, safe=" :,;=/()'")[:256])


def _carry(place: Place, request: QuarantineRequest, aside: Spot, held: HttpAnswer) -> HttpAnswer:
    """Read the bytes as they are, and store them aside with what was kept beside them."""
    service, ref = place.service, request.ref
    kept = {name: value for name, value in held.headers.items() if name.startswith(_META)}
    headers = {"Content-Type": "application/octet-stream", **kept, _REASON: _told(request.reason)}
    with service.open(place.names.spot(ref).path, NEWEST) as stream:
        if stream.status != 200:
            return stream.whole()
        _refuse_another(held, stream.headers, ref)
        size = int(stream.headers["Content-Length"])
        return service.send(aside.path, headers, size, stream.chunks)


def _refuse_another(held: HttpAnswer, headers: Mapping[str, str], ref: ObjectRef) -> None:
    """Go on only if these headers are those of the very object that is to be set aside."""
    then, now = held.headers, headers
    if any(then.get(name) != now.get(name) for name in (records.PUT, "X-Timestamp")):
        raise OfferUnavailableError(
            "another writer stored the object meanwhile; nothing was taken away",
            ref=ref,
            effect_unknown=False,
        )


def _checked(place: Place, request: QuarantineRequest, aside: Spot, held: HttpAnswer) -> int:
    """Size of what was set aside, asked of the service before anything is taken away."""
    there = place.service.done("HEAD", aside.path, NEWEST, ref=request.ref)
    size = int(there.headers.get("Content-Length", "-1"))
    if size != int(held.headers.get("Content-Length", "-2")):
        raise OfferFailedError(
            f"the service copied {size} bytes of {request.ref}, which is not all of them; "
            "nothing was taken away",
            ref=request.ref,
        )
    return size
