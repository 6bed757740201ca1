"""Access requests: objects on slow media are asked for, waited for, then read. Since contract 1.1.

A tape library stages archives on disk, S3 restores from a cold class for some days, Azure
rehydrates a blob: all of them are asked for a set of objects, answer hours later, and most let
the objects cool again. Reading one before is refused with
:class:`~coffre.contract.errors.NotReadyError`; ``StatResult.ready`` tells beforehand.

An offer that keeps no list of requests (S3, Azure) finds its answers by asking about the objects:
a ticket therefore names both, and the caller keeps it whole.

Source: offer protocol, 8.12 to 8.15 and 9.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from coffre.contract.errors import InvalidRequestError
from coffre.contract.identity import ObjectRef


class AccessState(StrEnum):
    """What has become of an access request."""

    WAITING = "waiting"
    """At least one of the objects cannot be read yet."""
    READY = "ready"
    """All of them can be read now, and at least until ``AccessStatus.expires_at``."""
    EXPIRED = "expired"
    """They could be read for a while, and have gone cold again, in part or whole."""
    UNKNOWN = "unknown"
    """The offer knows nothing (any more) of the request: never made, cancelled or purged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """Objects that are to become readable; needs :attr:`Capability.ACCESS_REQUESTS`."""

    refs: Sequence[ObjectRef]
    """The objects, one at least, of one tenant and container, each named once."""
    available_for: float | None = None
    """Seconds for which they must stay readable once they are ready; the offer's own time when
    ``None``. A service that counts in days rounds up; one that cannot promise at least that long
    refuses, with ``UnsupportedOperationError``, before anything is asked for."""

    def __post_init__(self) -> None:
        """Check what can be checked without the offer.

        Raises:
            InvalidRequestError: no object, one named twice, objects of several containers, or a
                time that is not above zero.
        """
        check_access_refs(self.refs)
        if self.available_for is not None and not self.available_for > 0:
            raise InvalidRequestError("objects are asked for for a time above zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTicket:
    """What was asked for, and under which name: to be kept whole until it is cancelled."""

    id: str
    """Its name at the offer, opaque; made up by the driver where the service has none."""
    refs: Sequence[ObjectRef]
    """The objects, as they were asked for."""

    def __post_init__(self) -> None:
        """Check what can be checked without the offer.

        Raises:
            InvalidRequestError: no id, or objects that nobody could have asked for.
        """
        if not self.id:
            raise InvalidRequestError("an access request has an id")
        check_access_refs(self.refs)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessStatusRequest:
    """Access requests to ask about; needs :attr:`Capability.ACCESS_REQUESTS`."""

    tickets: Sequence[AccessTicket]
    """As they were given; each once."""

    def __post_init__(self) -> None:
        """Check that none is asked about twice.

        Raises:
            InvalidRequestError: one is.
        """
        if len({ticket.id for ticket in self.tickets}) != len(self.tickets):
            raise InvalidRequestError("the same access request is asked about twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessStatus:
    """How far an access request has come."""

    state: AccessState
    expires_at: datetime | None = None
    """When ready: the moment, UTC, until which all can be read; ``None`` when they stay, or the
    service does not tell."""
    ready: int | None = None
    """How many of the objects can be read now; ``None`` when the service does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessCancelRequest:
    """An access request that nobody needs any more; needs :attr:`Capability.ACCESS_REQUESTS`."""

    ticket: AccessTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessCancelResult:
    """Whether the offer let go of it."""

    released: bool
    """False when it keeps what it has begun until its end (S3, Azure), or knew nothing of it."""


class SupportsAccessRequests(Protocol):
    """Service of :attr:`Capability.ACCESS_REQUESTS`."""

    def request_access(self, request: AccessRequest) -> AccessTicket:
        """Ask for objects; returns at once, long before they can be read.

        Asking again for what was asked for is harmless, and objects that can be read already
        are ready at once. A reference that holds nothing counts as readable: whoever reads it is
        told. Once it returns, the request is known to the offer.

        Returns:
            A ticket with the objects in the order of the request.

        Raises:
            UnsupportedOperationError: they cannot be kept readable for the time wanted.
            OfferFullError: more objects, or more requests, than the service takes at once.
            OfferUnavailableError: the offer could not be asked. What was begun of it ends by
                itself; the whole can be asked for again.
        """
        ...

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        """Tell how far access requests have come.

        ``READY`` is only said of a request all of whose objects a ``get`` would give now.

        Returns:
            One status for each ticket, in order. One of another offer is ``UNKNOWN``, where
            the service keeps a list.

        Raises:
            OfferUnavailableError: the offer could not be asked; nothing is known of any.
        """
        ...

    def cancel_access(self, request: AccessCancelRequest) -> AccessCancelResult:
        """Tell that the objects are not needed any more. No object is changed or lost.

        Cancelling twice, or what the offer does not know, is harmless. Where the service keeps
        a list, the status is ``UNKNOWN`` afterwards; where it does not, objects stay readable
        until they expire. Other requests for the same objects are kept.

        Raises:
            OfferUnavailableError: the offer could not be asked.
        """
        ...


def check_access_refs(refs: Sequence[ObjectRef]) -> None:
    """Refuse a set of objects that no access request can have.

    Raises:
        InvalidRequestError: none, one named twice, or objects of several containers.
    """
    if not refs:
        raise InvalidRequestError("an access request names one object at least")
    if len(set(refs)) != len(refs):
        raise InvalidRequestError("an access request names the same object twice")
    if len({(ref.tenant, ref.container) for ref in refs}) > 1:
        raise InvalidRequestError("an access request is for objects of one tenant and container")
