"""The memory driver's services of contract 1.1, over what its offer does for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from coffre.contract import (
    AccessCancelRequest,
    AccessCancelResult,
    AccessRequest,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    BulkDeleteRequest,
    BulkStatRequest,
    CoffreError,
    Connection,
    DeleteRequest,
    DeleteResult,
    DigestAlgorithm,
    Evidence,
    HoldResult,
    LiftHoldRequest,
    LogEntry,
    LogRequest,
    PlaceHoldRequest,
    ServerCopyRequest,
    ServerCopyResult,
    StatRequest,
    StatResult,
)
from coffre.testing.offer import MemoryOffer

Request = TypeVar("Request")
Result = TypeVar("Result")


class MemoryServices(Connection):
    """Part of a session with a memory offer: the services that came with 1.1."""

    _offer: MemoryOffer
    _quota: int | None = None

    def _begin(self, operation: str) -> None:
        """Have an operation fail that is to fail."""
        raise NotImplementedError

    def stat(self, request: StatRequest) -> StatResult:
        """Tell what is at rest; digest it when asked to."""
        self._begin("stat")
        return self._stat(request)

    def _stat(self, request: StatRequest) -> StatResult:
        held = self._offer.held(request.ref)
        asked = request.digest
        return StatResult(
            size=len(held.data),
            evidence=Evidence.PRESENT if asked is None else Evidence.REPORTED,
            digest=None if asked is None else asked.of(held.data),
            recorded=held.recorded,
            recorded_size=held.recorded_size,
            metadata=held.metadata,
            stored_at=held.stored_at,
            retain_until=held.retain_until,
            holds=self._offer.holds_on(request.ref),
            ready=self._offer.is_readable(request.ref),
        )

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object, unless a date or a hold forbids it."""
        self._begin("delete")
        return self._delete(request)

    def _delete(self, request: DeleteRequest) -> DeleteResult:
        return DeleteResult(existed=self._offer.delete(request.ref))

    def bulk_stat(self, request: BulkStatRequest) -> Sequence[StatResult | CoffreError]:
        """Ask about several objects."""
        self._begin("bulk_stat")
        return [outcome_of(self._stat, stat) for stat in request.stats]

    def bulk_delete(self, request: BulkDeleteRequest) -> Sequence[DeleteResult | CoffreError]:
        """Delete several objects, each or not at all."""
        self._begin("bulk_delete")
        return [outcome_of(self._delete, delete) for delete in request.deletes]

    def place_hold(self, request: PlaceHoldRequest) -> HoldResult:
        """Forbid the deletion and replacement of an object."""
        self._begin("place_hold")
        return HoldResult(holds=self._offer.place_hold(request.ref, request.id))

    def lift_hold(self, request: LiftHoldRequest) -> HoldResult:
        """Lift one hold."""
        self._begin("lift_hold")
        return HoldResult(holds=self._offer.lift_hold(request.ref, request.id))

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        """Copy an object inside the offer, its metadata and its record included."""
        self._begin("server_copy")
        held, written = self._offer.duplicate(
            request.source, request.ref, replacing=request.replace, quota=self._quota
        )
        return ServerCopyResult(
            size=len(held.data),
            digest=DigestAlgorithm.SHA512.of(held.data),
            evidence=Evidence.REPORTED,
            already_there=not written,
            durable=False,
        )

    def request_access(self, request: AccessRequest) -> AccessTicket:
        """Ask for objects that a test has made cold."""
        self._begin("request_access")
        id = self._offer.ask(request.refs, request.available_for)
        return AccessTicket(id=id, refs=tuple(request.refs))

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        """Tell how far access requests have come, by the offer's clock."""
        self._begin("access_status")
        return [self._offer.access_status(ticket.id) for ticket in request.tickets]

    def cancel_access(self, request: AccessCancelRequest) -> AccessCancelResult:
        """Forget an access request."""
        self._begin("cancel_access")
        return AccessCancelResult(released=self._offer.cancel_access(request.ticket.id))

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        """Read one page of the offer's log."""
        self._begin("log")
        return self._offer.logged(request)


def outcome_of(call: Callable[[Request], Result], request: Request) -> Result | CoffreError:
    """What a call gives, or the error that it alone met."""
    try:
        return call(request)
    except CoffreError as error:
        return error
