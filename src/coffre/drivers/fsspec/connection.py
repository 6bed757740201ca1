"""One session with a foreign file system; each operation is told in a module of its own."""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import (
    AnyRequest,
    Capability,
    CapacityRequest,
    CapacityResult,
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    ContainerEntry,
    ContainersRequest,
    DeleteRequest,
    DeleteResult,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    OfferUnavailableError,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    StatRequest,
    StatResult,
    refuse_unsupported,
)
from coffre.drivers.fsspec import listing, reading, tidying, writing
from coffre.drivers.fsspec.root import Root
from coffre.drivers.fsspec.settings import Settings

CAPABILITIES = frozenset(
    {
        Capability.METADATA,
        Capability.RECORDED_DIGEST,
        Capability.RANGE_READ,
        Capability.CONTAINERS,
        Capability.QUARANTINE,
    }
)
"""What a rename in one step is enough for. Not among them: ``CREATE_ONLY`` and ``REPLACE``, since
renames of these file systems differ on a name that is taken; ``SWEEP``, since nothing tells a
part of a dead writer from one of a slow writer; ``OFFER_DIGEST``, since they digest nothing."""


class FsspecConnection(Connection):
    """A session with one folder of a foreign file system."""

    capabilities = CAPABILITIES

    def __init__(self, parameters: ConnectionParameters) -> None:
        """Reach the file system, and see the marker of the offer.

        Raises:
            ParameterError: no file system that can hold an offer.
            ForbiddenError: it does not let this user in.
            OfferUnavailableError: it cannot be reached, or no offer is there.
        """
        super().__init__(parameters)
        self._closed = False
        try:
            self._root = Root(Settings.of(parameters))
            self._look()
        except OfferUnavailableError as error:
            error.effect_unknown = False  # nothing was asked to be changed
            raise

    def _look(self) -> None:
        try:
            self._root.require()
        except BaseException:
            self._root.close()
            raise

    def _begin(self, request: AnyRequest) -> Root:
        """The root, for a request that can be honoured whole.

        Raises:
            ConnectionLostError: the session is closed.
            UnsupportedOperationError: a field would have to be ignored; nothing was sent.
        """
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)
        refuse_unsupported(request, CAPABILITIES)
        return self._root

    def put(self, request: PutRequest) -> PutResult:
        """Store one object: written aside, read back, given its name in one step."""
        return writing.put(self._begin(request), request)

    def get(self, request: GetRequest) -> GetResult:
        """Open one object, or a range of it."""
        return reading.get(self._begin(request), request)

    def stat(self, request: StatRequest) -> StatResult:
        """Ask about one object."""
        return reading.stat(self._begin(request), request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object and its record."""
        return tidying.delete(self._begin(request), request)

    def list(self, request: ListRequest) -> Listing:
        """List one container."""
        return listing.list_container(self._begin(request), request)

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name the containers that have a folder."""
        return listing.containers(self._begin(request), request)

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Move one object out of sight, and keep it with the reason."""
        return tidying.quarantine(self._begin(request), request)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Nothing is known: the library has no question for it. The offer is seen to be there."""
        self._begin(request).require()
        return CapacityResult()

    def close(self) -> None:
        """End the session with the file system."""
        self._closed = True
        self._root.close()
