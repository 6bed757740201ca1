"""An offer's services of contract 1.1 that have no fallback: holds, slow media, copies, the log.

Where the driver has them not, the refusal is clear: a hold that only we know of does
not keep anybody else from deleting, and a copy through this machine is the engine's to make,
from a source that it has verified.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from coffre.contract import (
    AccessCancelRequest,
    AccessCancelResult,
    AccessRequest,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    AnyRequest,
    Capability,
    Connection,
    Evidence,
    HoldResult,
    LiftHoldRequest,
    LogEntry,
    LogRequest,
    OfferFailedError,
    PlaceHoldRequest,
    ServerCopyRequest,
    ServerCopyResult,
    SupportsAccessRequests,
    SupportsLegalHold,
    SupportsOfferLog,
    SupportsServerCopy,
)
from coffre.offer.configured import ConfiguredOffer
from coffre.offer.many import as_many

R = TypeVar("R")
Part = TypeVar("Part")
Outcome = TypeVar("Outcome")


class OfferServices(ConfiguredOffer):
    """Services for objects, beside moving their bytes; part of ``Offer``."""

    # --- holds -----------------------------------------------------------------------------

    def place_hold(self, request: PlaceHoldRequest) -> HoldResult:
        """Have the offer itself forbid the deletion and replacement of an object.

        Raises:
            UnsupportedOperationError: the driver has no holds; no other way would bind anybody.
            CoffreError: as the contract says of ``SupportsLegalHold.place_hold``.
        """
        return self._served(
            Capability.LEGAL_HOLD,
            request,
            lambda connection: cast(SupportsLegalHold, connection).place_hold(request),
        )

    def lift_hold(self, request: LiftHoldRequest) -> HoldResult:
        """Lift one hold; holds under other ids stay.

        Raises:
            UnsupportedOperationError: the driver has no holds.
            CoffreError: as the contract says of ``SupportsLegalHold.lift_hold``.
        """
        return self._served(
            Capability.LEGAL_HOLD,
            request,
            lambda connection: cast(SupportsLegalHold, connection).lift_hold(request),
        )

    # --- slow media ------------------------------------------------------------------------

    def request_access(self, request: AccessRequest) -> AccessTicket:
        """Ask for objects on a slow medium; keep the ticket. Asked twice after a lost answer.

        Raises:
            UnsupportedOperationError: this offer has no slow medium: its objects can be read.
            CoffreError: as the contract says of ``SupportsAccessRequests.request_access``.
        """
        return self._served(
            Capability.ACCESS_REQUESTS,
            request,
            lambda connection: cast(SupportsAccessRequests, connection).request_access(request),
        )

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        """Tell how far access requests have come, in order.

        Raises:
            UnsupportedOperationError: this offer has no slow medium.
            CoffreError: as the contract says of ``SupportsAccessRequests.access_status``.
        """
        return self._served(
            Capability.ACCESS_REQUESTS,
            request,
            lambda connection: as_many(
                cast(SupportsAccessRequests, connection).access_status(request), request.tickets
            ),
        )

    def cancel_access(self, request: AccessCancelRequest) -> AccessCancelResult:
        """Tell that objects are not needed any more; no object is changed or lost.

        Raises:
            UnsupportedOperationError: this offer has no slow medium.
            CoffreError: as the contract says of ``SupportsAccessRequests.cancel_access``.
        """
        return self._served(
            Capability.ACCESS_REQUESTS,
            request,
            lambda connection: cast(SupportsAccessRequests, connection).cancel_access(request),
        )

    # --- copies, log -----------------------------------------------------------------------

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        """Copy an object inside the offer; what was not looked at is not claimed.

        After a lost answer it is asked again: then ``already_there`` may be what the first
        request did.

        Raises:
            UnsupportedOperationError: the driver cannot. There is no fallback here: bytes that
                pass through this machine are put from a verified source, by the engine.
            OfferFailedError: evidence of a digest without a digest; a defect of the driver.
            CoffreError: as the contract says of ``SupportsServerCopy.server_copy``.
        """
        return self._served(
            Capability.SERVER_COPY,
            request,
            lambda connection: _checked_copy(
                cast(SupportsServerCopy, connection).server_copy(request), request
            ),
        )

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        """Read one page of the offer's log.

        Raises:
            UnsupportedOperationError: the offer keeps no log.
            OfferFailedError: more entries than asked for, or out of order; a defect.
            CoffreError: as the contract says of ``SupportsOfferLog.log``.
        """
        return self._served(
            Capability.OFFER_LOG,
            request,
            lambda connection: _checked_page(
                cast(SupportsOfferLog, connection).log(request), request
            ),
        )

    def _served(
        self, capability: Capability, request: AnyRequest, work: Callable[[Connection], R]
    ) -> R:
        """Use a service that can be asked twice without harm, where it is there."""

        def serve(connection: Connection) -> R:
            self._require(capability, connection)
            return work(connection)

        with self._work:
            return self._repeated(request, serve)


def _checked_copy(result: ServerCopyResult, request: ServerCopyRequest) -> ServerCopyResult:
    if result.digest is None and result.evidence >= Evidence.REPORTED:
        raise OfferFailedError(
            f"the driver claims evidence {str(result.evidence)!r} of a copy, and gives no digest; "
            "this is a defect of the driver",
            ref=request.ref,
        )
    return result


def _checked_page(entries: Sequence[LogEntry], request: LogRequest) -> Sequence[LogEntry]:
    numbers = [entry.number for entry in entries]
    ordered = sorted(set(numbers), reverse=request.newest_first)
    if len(entries) > request.limit or numbers != ordered:
        raise OfferFailedError(
            "the driver gave a page of the log that is too long or out of order; "
            "this is a defect of the driver"
        )
    return entries
