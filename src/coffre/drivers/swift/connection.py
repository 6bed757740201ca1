"""One session with an account; each operation is told in a module of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coffre.contract import (
    BulkDeleteRequest,
    Capability,
    CapacityRequest,
    CapacityResult,
    CoffreError,
    Connection,
    ConnectionParameters,
    ContainerEntry,
    ContainersRequest,
    DeleteRequest,
    DeleteResult,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    StatRequest,
    StatResult,
    SweepRequest,
    SweepResult,
    refuse_unsupported,
)
from coffre.drivers.swift import deleting, listing, reading, sweeping, writing
from coffre.drivers.swift.answers import error_of
from coffre.drivers.swift.capacity import capacity_of
from coffre.drivers.swift.many import bulk_delete
from coffre.drivers.swift.names import Names
from coffre.drivers.swift.place import Place
from coffre.drivers.swift.quarantine import quarantine
from coffre.drivers.swift.service import Service
from coffre.drivers.swift.settings import Settings

CAPABILITIES = frozenset(
    {
        Capability.METADATA,
        Capability.RECORDED_DIGEST,
        Capability.REPLACE,
        Capability.RANGE_READ,
        Capability.CONTAINERS,
        Capability.QUARANTINE,
        Capability.SWEEP,
        Capability.BULK_DELETE,
    }
)
"""Not ``CREATE_ONLY``: Swift checks, and does not lock (docs/adr/0037)."""


class SwiftConnection(Connection):
    """A session with one account: a token that is shared, and a connection of its own."""

    capabilities = CAPABILITIES

    def __init__(self, parameters: ConnectionParameters) -> None:
        """Log in, and see that the account answers.

        Raises:
            ParameterError: a value is wrong.
            ForbiddenError: the service does not accept this user.
            OfferUnavailableError: it cannot be reached.
        """
        super().__init__(parameters)
        settings = Settings.of(parameters)
        service = Service(settings.login)
        self._place = Place(service, Names(settings.prefix), settings)
        try:
            answer = service.ask("HEAD", "")
            # Who has rights on containers alone may not look at the account.
            if not answer.done and answer.status != 403:
                raise error_of(answer, safe=True)
        except BaseException:
            service.close()
            raise

    def put(self, request: PutRequest) -> PutResult:
        """Store one object: in one piece, or in segments and a manifest that makes them one."""
        refuse_unsupported(request, CAPABILITIES)
        return writing.put(self._place, request)

    def get(self, request: GetRequest) -> GetResult:
        """Open one object, or a range of it."""
        return reading.get(self._place, request)

    def stat(self, request: StatRequest) -> StatResult:
        """Ask about one object."""
        refuse_unsupported(request, CAPABILITIES)
        return reading.stat(self._place, request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object, and its segments."""
        return deleting.delete(self._place, request)

    def bulk_delete(self, request: BulkDeleteRequest) -> Sequence[DeleteResult | CoffreError]:
        """Remove many objects, and their segments; one outcome for each, in order."""
        return bulk_delete(self._place, request)

    def list(self, request: ListRequest) -> Listing:
        """List one container, page by page."""
        self._place.service.require_open()
        return listing.list_container(self._place, request)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Tell what the account's quota leaves, when it has one."""
        return capacity_of(self._place.service)

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name the containers of this offer."""
        return listing.containers(self._place)

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Copy one object aside, then take it out of sight."""
        return quarantine(self._place, request)

    def sweep(self, request: SweepRequest) -> SweepResult:
        """Remove what writers that died have left."""
        return sweeping.sweep(self._place, request)

    def close(self) -> None:
        """Close the connection; the token stays with this process."""
        self._place.service.close()
