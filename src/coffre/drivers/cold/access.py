"""Access requests: noted at once, answered as far as the drives have come."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from coffre.contract import (
    AccessCancelRequest,
    AccessCancelResult,
    AccessRequest,
    AccessState,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    ObjectRef,
)
from coffre.drivers.cold.errors import translating
from coffre.drivers.cold.held import Held, find
from coffre.drivers.cold.library import Library
from coffre.drivers.cold.turning import advance

_UNKNOWN = AccessStatus(state=AccessState.UNKNOWN)


def request_access(library: Library, request: AccessRequest) -> AccessTicket:
    """Note what is wanted; see ``SupportsAccessRequests``.

    What is on disk already stays there from now on; what is on tape gets a place in the queue,
    unless somebody else has asked for it before.
    """
    id = f"access-{uuid.uuid4().hex[:16]}"
    seconds = request.available_for or library.settings.available_for
    with translating():
        now = library.now()
        with library.catalogue.changing():
            library.catalogue.do(
                "INSERT INTO requests (id, total, asked, available_for) VALUES (?, ?, ?, ?)",
                id,
                len(request.refs),
                now,
                seconds,
            )
            for ref in request.refs:
                _want(library, id, ref, now)
        advance(library)
    return AccessTicket(id=id, refs=request.refs)


def _want(library: Library, id: str, ref: ObjectRef, now: float) -> None:
    found = find(library, ref)
    if found is None:
        return  # it holds nothing, which whoever reads it is told
    catalogue = library.catalogue
    catalogue.do("INSERT INTO wanted (request, object) VALUES (?, ?)", id, found.id)
    if found.token is None:
        _queue(library, found, now)


def _queue(library: Library, found: Held, now: float) -> None:
    """Have an object fetched; one whose tape was found damaged is read once more."""
    catalogue = library.catalogue
    if found.damage is not None:
        catalogue.do("UPDATE objects SET damage = NULL WHERE id = ?", found.id)
        catalogue.do("DELETE FROM recalls WHERE object = ?", found.id)
    catalogue.do(
        "INSERT INTO recalls (object, asked) VALUES (?, ?) ON CONFLICT DO NOTHING", found.id, now
    )


def access_status(library: Library, request: AccessStatusRequest) -> Sequence[AccessStatus]:
    """Tell how far access requests have come."""
    with translating():
        now, ahead = library.now(), library.ahead()
        return [_status(library, ticket.id, now, ahead) for ticket in request.tickets]


def _status(library: Library, id: str, now: float, ahead: float) -> AccessStatus:
    catalogue = library.catalogue
    row = catalogue.one("SELECT total, ready, available_for FROM requests WHERE id = ?", id)
    if row is None:
        return _UNKNOWN
    total, since, seconds = row
    away, damaged = _missing(library, id)
    ready = total - away - damaged
    if since is not None and (away or now >= since + seconds):
        return AccessStatus(state=AccessState.EXPIRED, ready=ready)
    # A damaged object never comes. The request ends in its time all the same, so that it does
    # not keep the others on disk for ever; it is just never called ready.
    if since is None or damaged:
        return AccessStatus(state=AccessState.WAITING, ready=ready)
    # As the caller's clock will tell it: what was let pass on purpose has passed already.
    until = datetime.fromtimestamp(since + seconds - ahead, UTC)
    return AccessStatus(state=AccessState.READY, expires_at=until, ready=ready)


def _missing(library: Library, id: str) -> tuple[int, int]:
    """How many of the objects are on tape only, and how many are damaged."""
    row = library.catalogue.one(
        "SELECT coalesce(sum(token IS NULL AND damage IS NULL), 0), "
        "coalesce(sum(damage IS NOT NULL), 0) FROM wanted "
        "JOIN objects ON objects.id = wanted.object WHERE wanted.request = ?",
        id,
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


def cancel_access(library: Library, request: AccessCancelRequest) -> AccessCancelResult:
    """Forget a request; what only it was waiting for leaves the queue."""
    catalogue = library.catalogue
    with translating(), catalogue.changing():
        known = catalogue.do("DELETE FROM requests WHERE id = ?", request.ticket.id) > 0
        catalogue.do("DELETE FROM wanted WHERE request = ?", request.ticket.id)
        catalogue.do(
            "DELETE FROM recalls WHERE done IS NULL AND object NOT IN (SELECT object FROM wanted)"
        )
    return AccessCancelResult(released=known)
