"""Lies of access requests: what is cold, what is ready, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coffre.contract import (
    AccessCancelRequest,
    AccessCancelResult,
    AccessRequest,
    AccessState,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    GetRequest,
    GetResult,
    ObjectNotFoundError,
    StatRequest,
    StatResult,
)
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


@liar("access-requests.cold")
class GivesWhatIsCold(HonestConnection):
    """A cold object is given as if it were not."""

    def get(self, request: GetRequest) -> GetResult:
        self._offer.cold.warm(request.ref)
        return super().get(request)


@liar("access-requests.cold")
class CallsTheColdAbsent(HonestConnection):
    """A cold object is said not to be there."""

    def get(self, request: GetRequest) -> GetResult:
        if not self._offer.is_readable(request.ref):
            raise ObjectNotFoundError("not found", ref=request.ref)
        return super().get(request)


@liar("access-requests.cold")
class DoesNotTellWhatIsCold(HonestConnection):
    """Stat says of everything that it is ready."""

    def stat(self, request: StatRequest) -> StatResult:
        return replace(super().stat(request), ready=True)


@liar("access-requests.cold")
class IsReadyAtOnce(HonestConnection):
    """An access request is called ready before its objects can be read."""

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        return [
            replace(one, state=AccessState.READY) if one.state is AccessState.WAITING else one
            for one in super().access_status(request)
        ]


@liar("access-requests.cold")
class IsNeverReady(HonestConnection):
    """An access request waits for ever."""

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        return [AccessStatus(state=AccessState.WAITING) for _ in request.tickets]


@liar("access-requests.expiry")
class IgnoresForHowLong(HonestConnection):
    """What is asked for a day can be read for an hour."""

    def request_access(self, request: AccessRequest) -> AccessTicket:
        return super().request_access(replace(request, available_for=3600.0))


@liar("access-requests.expiry")
class CallsTheExpiredReady(HonestConnection):
    """An access request that has expired is called ready."""

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        return [
            one if one.state is AccessState.WAITING else AccessStatus(state=AccessState.READY)
            for one in super().access_status(request)
        ]


@liar("access-requests.kept")
class HasOneIdForAll(HonestConnection):
    """Every access request has the same id."""

    def request_access(self, request: AccessRequest) -> AccessTicket:
        return replace(super().request_access(request), id="access-1")


@liar("access-requests.kept")
class CancelsThemAll(HonestConnection):
    """Cancelling one access request cancels all."""

    def cancel_access(self, request: AccessCancelRequest) -> AccessCancelResult:
        result = super().cancel_access(request)
        self._offer.cold._asked.clear()
        return result


@liar("access-requests.kept")
class DeletesWhatIsCancelled(HonestConnection):
    """Cancelling an access request deletes its objects."""

    def cancel_access(self, request: AccessCancelRequest) -> AccessCancelResult:
        for ref in request.ticket.refs:
            self._offer.forget(ref)
        return super().cancel_access(request)
