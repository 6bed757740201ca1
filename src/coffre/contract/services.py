"""Capabilities, and the services that a driver may add to the basic ones.

A connection always has put, get, stat, delete, list, capacity and close. Everything else is
an optional protocol plus a member of :class:`Capability` that the connection declares. The
protocols of 1.0 are in this module; those that came later have one each, together with their
requests and results (``access``, ``copying``, ``holds``, ``log``, ``many``). ``Offer`` uses a
declared service, falls back where a fallback is honest, and refuses clearly where none is:
never a silent success.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from coffre.contract.version import Version

if TYPE_CHECKING:
    from coffre.contract.errors import CoffreError
    from coffre.contract.parameters import ConnectionParameters
    from coffre.contract.requests import (
        BulkPutRequest,
        ContainersRequest,
        QuarantineRequest,
        SweepRequest,
    )
    from coffre.contract.results import (
        ContainerEntry,
        PrepareResult,
        PutResult,
        QuarantineResult,
        SweepResult,
    )


class Capability(StrEnum):
    """One thing that some drivers do and others do not.

    A capability has three states: *declared* by the driver, *proved* by trials on the very
    offer, *effective*; only effective ones are relied on.
    """

    METADATA = "metadata"
    """Names and values given at the put come back from ``stat`` and ``get``."""
    RECORDED_DIGEST = "recorded-digest"
    """The expected digest is kept beside the object: the ledger can be rebuilt from it."""
    REPLACE = "replace"
    """An object can be replaced atomically; a reader that has the old one open keeps it."""
    CREATE_ONLY = "create-only"
    """Of several writers of one reference, exactly one wins, at any size."""
    RANGE_READ = "range-read"
    """``get`` can start anywhere and stop anywhere."""
    OFFER_DIGEST = "offer-digest"
    """``stat`` can have the offer digest the whole object it holds."""
    BULK_PUT = "bulk-put"
    """Many objects are stored in one call, made durable together (:class:`SupportsBulkPut`)."""
    BULK_STAT = "bulk-stat"
    """Many objects are asked about in one call (:class:`~coffre.contract.many.SupportsBulkStat`).
    Since 1.1."""
    BULK_DELETE = "bulk-delete"
    """Many objects are deleted in one call, each with its own outcome
    (:class:`~coffre.contract.many.SupportsBulkDelete`). Since 1.1."""
    CONTAINERS = "containers"
    """The offer can say which containers it holds (:class:`SupportsContainers`)."""
    QUARANTINE = "quarantine"
    """Bad bytes can be set aside in one atomic step (:class:`SupportsQuarantine`)."""
    SWEEP = "sweep"
    """Leftovers of crashed writers can be removed (:class:`SupportsSweep`)."""
    PREPARE = "prepare"
    """The driver can make a new, empty place an offer (:class:`SupportsPrepare`)."""
    RETENTION = "retention"
    """The offer itself refuses to delete an object before a date."""
    LEGAL_HOLD = "legal-hold"
    """The offer itself refuses to delete or replace an object until its holds are lifted
    (:class:`~coffre.contract.holds.SupportsLegalHold`). Since 1.1."""
    OFFER_LOG = "offer-log"
    """The offer keeps a numbered log of what it stored and deleted
    (:class:`~coffre.contract.log.SupportsOfferLog`). Since 1.1."""
    ACCESS_REQUESTS = "access-requests"
    """Objects on slow media are asked for, then read
    (:class:`~coffre.contract.access.SupportsAccessRequests`). Since 1.1."""
    SERVER_COPY = "server-copy"
    """The offer can copy an object without the bytes passing through us
    (:class:`~coffre.contract.copying.SupportsServerCopy`). Since 1.1."""
    RESUMABLE_PUT = "resumable-put"
    """A broken put can go on where it stopped. A name kept for a contract to come: it has no
    service yet, and declaring it is a defect."""


SERVICE_SINCE: Mapping[Capability, Version] = MappingProxyType(
    {
        Capability.BULK_STAT: Version(1, 1),
        Capability.BULK_DELETE: Version(1, 1),
        Capability.LEGAL_HOLD: Version(1, 1),
        Capability.OFFER_LOG: Version(1, 1),
        Capability.ACCESS_REQUESTS: Version(1, 1),
        Capability.SERVER_COPY: Version(1, 1),
    }
)
"""Contract version with which the service of a capability came, where it is not 1.0."""


def usable(capabilities: frozenset[Capability], contract: Version) -> frozenset[Capability]:
    """Capabilities whose service a driver can have, being written for a contract version.

    A driver of 1.0 could declare the name of a service that was defined later, and cannot have
    meant that service.
    """
    return frozenset(one for one in capabilities if SERVICE_SINCE.get(one, contract) <= contract)


class SupportsBulkPut(Protocol):
    """Service of :attr:`Capability.BULK_PUT`."""

    def bulk_put(self, request: BulkPutRequest) -> Sequence[PutResult | CoffreError]:
        """Store several objects, each whole or not at all, and make them durable together.

        Returns:
            One outcome for each put, in order: a result, or the error that put alone met, its
            content's own included. A result is returned only once its object is as durable
            as one stored by ``put``.

        Raises:
            OfferError: nothing can be said of any of them; those that were published stay, and
                putting the same bytes again succeeds.
        """
        ...


class SupportsContainers(Protocol):
    """Service of :attr:`Capability.CONTAINERS`: what a lost ledger is rebuilt from."""

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name every container that may hold objects, sorted by tenant then name.

        Raises:
            OfferUnavailableError: the offer could not be read; what was named before stands.
        """
        ...


class SupportsQuarantine(Protocol):
    """Service of :attr:`Capability.QUARANTINE`: bad bytes are kept, out of the way."""

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Move what the reference holds out of sight of ``get`` and ``list``, in one step.

        Nothing is deleted: a person can look at the bytes later, at the place returned.

        Raises:
            ObjectNotFoundError: the reference holds nothing.
        """
        ...


class SupportsSweep(Protocol):
    """Service of :attr:`Capability.SWEEP`: leftovers of writers that died."""

    def sweep(self, request: SweepRequest) -> SweepResult:
        """Remove leftovers of crashed puts, never the work in progress of a live writer.

        A second sweep finds nothing more to do.
        """
        ...


class SupportsPrepare(Protocol):
    """Service of :attr:`Capability.PREPARE`, of the *driver*: there is no offer to connect to yet.

    For services in which the place of an offer that is away looks like an empty one (a disk
    that is not mounted): their offers are made once, on purpose, and never by a connection.
    """

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        """Make the new, empty place that the parameters name an offer ready for use.

        A place that is one already stays as it is, and the result says so.

        Raises:
            ParameterError: the place holds something else, or cannot be an offer; nothing in it
                was touched.
            ForbiddenError: no right to make it.
            OfferUnavailableError: the place cannot be reached, or was an offer a moment ago.
        """
        ...
