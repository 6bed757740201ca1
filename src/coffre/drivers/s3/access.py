"""Access requests: objects of a cold class are restored for some days, then read.

S3 keeps no list of requests. It tells of each object whether it is being restored, and until when
it can be read; so a ticket is its objects, and asking about it is looking at them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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
from coffre.drivers.s3.documents import element, texts
from coffre.drivers.s3.looking import Seen, look
from coffre.drivers.s3.records import LARGE, beside, new_token
from coffre.drivers.s3.service import Service

_DAY = 24 * 3600.0
_EXPIRY = re.compile(r'expiry-date="([^"]*)"')


def request_access(service: Service, request: AccessRequest) -> AccessTicket:
    """Order that objects be restored; see ``SupportsAccessRequests``."""
    wanted = request.available_for
    days = service.settings.restore_days if wanted is None else math.ceil(wanted / _DAY)
    for ref in request.refs:
        seen = look(service, ref, "ask for access")
        if seen is not None and is_cold(service, seen):
            _restore(service, seen, days)
    return AccessTicket(id=new_token(), refs=tuple(request.refs))


def _restore(service: Service, seen: Seen, days: int) -> None:
    """Order one; an order that is under way already stands, and one that was done is prolonged."""
    ref = seen.kept.ref
    place = beside(service, LARGE, ref, seen.kept.aside) if seen.kept.aside else seen.place
    tier = element("GlacierJobParameters", texts(Tier=service.settings.restore_tier))
    body = element("RestoreRequest", texts(Days=str(days)), tier).encode()
    answer = service.ask(
        "POST", place, [("restore", "")], body=body, doing="ask for access", ref=ref, accept={409}
    )
    if answer.status == 409 and b"RestoreAlreadyInProgress" not in answer.body:
        raise service.refused(answer, "ask for access", ref, safe=True)


def access_status(service: Service, request: AccessStatusRequest) -> Sequence[AccessStatus]:
    """Tell how far requests have come; see ``SupportsAccessRequests``."""
    return [_status(service, ticket.refs) for ticket in request.tickets]


def _status(service: Service, refs: Sequence[ObjectRef]) -> AccessStatus:
    found = [look(service, ref, "ask about access") for ref in refs]
    cold = [seen for seen in found if seen is not None and is_cold(service, seen)]
    waiting = [seen for seen in cold if not _is_restored(service, seen)]
    ready = len(refs) - len(waiting)
    if not waiting:
        until = min((_until(seen) for seen in cold), key=_last, default=None)
        return AccessStatus(state=AccessState.READY, ready=ready, expires_at=until)
    under_way = any(_is_under_way(seen) for seen in waiting)
    state = AccessState.WAITING if under_way else AccessState.EXPIRED
    return AccessStatus(state=state, ready=ready)


def _last(moment: datetime | None) -> datetime:
    return moment or datetime.max.replace(tzinfo=UTC)


def cancel_access(request: AccessCancelRequest) -> AccessCancelResult:
    """S3 keeps what it has begun; the objects go cold again by themselves."""
    del request  # there is nothing to tell the service
    return AccessCancelResult(released=False)


def is_ready(service: Service, seen: Seen) -> bool:
    """Whether a get would give the bytes now."""
    return not is_cold(service, seen) or _is_restored(service, seen)


def is_cold(service: Service, seen: Seen) -> bool:
    """Whether the bytes are in a class that is not read at once, restored for now or not."""
    kind = seen.bytes_headers.get("x-amz-storage-class", "")
    return kind in service.settings.cold_classes


def _is_restored(service: Service, seen: Seen) -> bool:
    told = seen.bytes_headers.get("x-amz-restore", "")
    if 'ongoing-request="false"' not in told:
        return False
    until = _until(seen)
    return until is None or until > service.clock.now()


def _is_under_way(seen: Seen) -> bool:
    return 'ongoing-request="true"' in seen.bytes_headers.get("x-amz-restore", "")


def _until(seen: Seen) -> datetime | None:
    found = _EXPIRY.search(seen.bytes_headers.get("x-amz-restore", ""))
    try:
        return parsedate_to_datetime(found[1]).astimezone(UTC) if found else None
    except ValueError:
        return None
