"""One session with a library; each operation is told in a module of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from coffre.contract import (
    AccessCancelRequest,
    AccessCancelResult,
    AccessRequest,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
    Capability,
    CapacityRequest,
    CapacityResult,
    Clock,
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
)
from coffre.contract.refusing import AnyRequest, refuse_unsupported
from coffre.drivers.cold import access, listing, reading, removing, writing
from coffre.drivers.cold.errors import translating
from coffre.drivers.cold.library import Library
from coffre.drivers.cold.settings import Settings
from coffre.drivers.cold.turning import advance

CAPABILITIES = frozenset(
    {
        Capability.METADATA,
        Capability.RECORDED_DIGEST,
        Capability.CREATE_ONLY,
        Capability.RANGE_READ,
        Capability.CONTAINERS,
        Capability.QUARANTINE,
        Capability.SWEEP,
        Capability.ACCESS_REQUESTS,
    }
)


class ColdConnection(Connection):
    """A session with one library: it holds the catalogue open, and nothing else."""

    capabilities = CAPABILITIES

    def __init__(self, parameters: ConnectionParameters, clock: Clock) -> None:
        """Open the library.

        Raises:
            ParameterError: not a directory that can be a library.
            OfferUnavailableError: no library is there.
        """
        super().__init__(parameters)
        self._library = Library(Settings.of(parameters), clock)

    def _begin(self, request: AnyRequest) -> Library:
        """The library as it is now, before it is asked anything."""
        refuse_unsupported(request, CAPABILITIES)
        library = self._library
        with translating(getattr(request, "ref", None)):
            library.require()
            advance(library)
        return library

    def put(self, request: PutRequest) -> PutResult:
        """Store one object on disk: written aside, flushed, then named in the catalogue."""
        return writing.put(self._begin(request), request)

    def get(self, request: GetRequest) -> GetResult:
        """Open one object that is on disk; one on tape only is *not ready*."""
        return reading.get(self._begin(request), request)

    def stat(self, request: StatRequest) -> StatResult:
        """Ask about one object, wherever it is; ``ready`` tells whether it can be read now."""
        return reading.stat(self._begin(request), request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object, durably; its place on tape is given back by a sweep."""
        return removing.delete(self._begin(request), request)

    def list(self, request: ListRequest) -> Listing:
        """List one container, objects on tape and on disk alike."""
        return listing.list_container(self._begin(request), request)

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name the containers that hold objects."""
        return listing.containers(self._begin(request))

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Copy one object out of sight with the reason, and let go of its row."""
        return removing.quarantine(self._begin(request), request)

    def sweep(self, request: SweepRequest) -> SweepResult:
        """Remove what processes that died have left, and archives that nobody needs."""
        return removing.sweep(self._begin(request), request)

    def request_access(self, request: AccessRequest) -> AccessTicket:
        """Ask for objects to be fetched from tape."""
        return access.request_access(self._begin(request), request)

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        """Tell how far requests have come."""
        return access.access_status(self._begin(request), request)

    def cancel_access(self, request: AccessCancelRequest) -> AccessCancelResult:
        """Let go of a request."""
        return access.cancel_access(self._begin(request), request)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Ask the file system that disk and tapes are on; tapes are never full."""
        with translating():
            found = os.statvfs(self._begin(request).settings.root)
        return CapacityResult(
            total=found.f_blocks * found.f_frsize,
            used=(found.f_blocks - found.f_bfree) * found.f_frsize,
            free=found.f_bavail * found.f_frsize,
        )

    def close(self) -> None:
        """Let the library go."""
        self._library.close()
