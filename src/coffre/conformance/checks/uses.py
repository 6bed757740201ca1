"""Every service that a session may have, used once: for checks that try all of them alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from coffre.conformance.session import Session
from coffre.contract import (
    AccessRequest,
    AccessStatusRequest,
    AccessTicket,
    BulkDeleteRequest,
    BulkPutRequest,
    BulkStatRequest,
    Capability,
    ContainersRequest,
    DeleteRequest,
    LogRequest,
    OfferError,
    PlaceHoldRequest,
    PutRequest,
    QuarantineRequest,
    ServerCopyRequest,
    StatRequest,
    SupportsAccessRequests,
    SupportsBulkDelete,
    SupportsBulkPut,
    SupportsBulkStat,
    SupportsContainers,
    SupportsLegalHold,
    SupportsOfferLog,
    SupportsQuarantine,
    SupportsServerCopy,
    SupportsSweep,
    SweepRequest,
)
from coffre.streams import BytesContent


def put_one_of_many(session: Session) -> object:
    """A bulk put of one."""
    service = cast(SupportsBulkPut, session.connection)
    put = PutRequest(ref=session.ref("late"), content=BytesContent(b"x"), size=1)
    return _only(service.bulk_put(BulkPutRequest(puts=[put])))


def stat_one_of_many(session: Session) -> object:
    """A bulk stat of one."""
    service = cast(SupportsBulkStat, session.connection)
    stat = StatRequest(ref=session.ref("it"))
    return _only(service.bulk_stat(BulkStatRequest(stats=[stat])))


def delete_one_of_many(session: Session) -> object:
    """A bulk delete of one."""
    service = cast(SupportsBulkDelete, session.connection)
    delete = DeleteRequest(ref=session.ref("it"))
    return _only(service.bulk_delete(BulkDeleteRequest(deletes=[delete])))


def _only(outcomes: object) -> object:
    """The only outcome; what is refused of it may be raised, or be its outcome."""
    (outcome,) = cast(list[object], outcomes)
    if isinstance(outcome, OfferError):
        raise outcome
    return outcome


def copy(session: Session) -> object:
    """A copy inside the offer."""
    service = cast(SupportsServerCopy, session.connection)
    request = ServerCopyRequest(source=session.ref("it"), ref=session.ref("late"))
    return service.server_copy(request)


def ask(session: Session) -> object:
    """An access request."""
    service = cast(SupportsAccessRequests, session.connection)
    return service.request_access(AccessRequest(refs=[session.ref("it")]))


def ask_how_far(session: Session) -> object:
    """The status of an access request that was never made."""
    service = cast(SupportsAccessRequests, session.connection)
    ticket = AccessTicket(id="never", refs=[session.ref("it")])
    return service.access_status(AccessStatusRequest(tickets=[ticket]))


def read_the_log(session: Session) -> object:
    """One page of the log."""
    service = cast(SupportsOfferLog, session.connection)
    ref = session.ref("it")
    return service.log(LogRequest(tenant=ref.tenant, container=ref.container))


SERVICES: dict[str, tuple[Capability, Callable[[Session], object]]] = {
    "bulk-put": (Capability.BULK_PUT, put_one_of_many),
    "containers": (
        Capability.CONTAINERS,
        lambda session: list(
            cast(SupportsContainers, session.connection).containers(ContainersRequest())
        ),
    ),
    "quarantine": (
        Capability.QUARANTINE,
        lambda session: cast(SupportsQuarantine, session.connection).quarantine(
            QuarantineRequest(ref=session.ref("it"), reason="late")
        ),
    ),
    "sweep": (
        Capability.SWEEP,
        lambda session: cast(SupportsSweep, session.connection).sweep(SweepRequest()),
    ),
    "bulk-stat": (Capability.BULK_STAT, stat_one_of_many),
    "bulk-delete": (Capability.BULK_DELETE, delete_one_of_many),
    "legal-hold": (
        Capability.LEGAL_HOLD,
        lambda session: cast(SupportsLegalHold, session.connection).place_hold(
            PlaceHoldRequest(ref=session.ref("it"), id="late")
        ),
    ),
    "server-copy": (Capability.SERVER_COPY, copy),
    "access-requests": (Capability.ACCESS_REQUESTS, ask),
    "access-status": (Capability.ACCESS_REQUESTS, ask_how_far),
    "offer-log": (Capability.OFFER_LOG, read_the_log),
}
"""Services that a driver may have, each used on an object ``it`` that is held."""
