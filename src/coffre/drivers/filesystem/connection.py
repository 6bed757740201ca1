"""One session with a directory; each operation is told in a module of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from coffre.contract import (
    BulkPutRequest,
    Capability,
    CapacityRequest,
    CapacityResult,
    CoffreError,
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    ContainerEntry,
    ContainersRequest,
    DeleteRequest,
    DeleteResult,
    ForbiddenError,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    OfferUnavailableError,
    ParameterError,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    StatRequest,
    StatResult,
    SweepRequest,
    SweepResult,
)
from coffre.drivers.filesystem import bulk, deleting, listing, reading, sweeping, writing
from coffre.drivers.filesystem.errors import translating
from coffre.drivers.filesystem.making import make_offer
from coffre.drivers.filesystem.quarantine import quarantine
from coffre.drivers.filesystem.refusing import refuse_retention
from coffre.drivers.filesystem.root import Root, seen_before
from coffre.drivers.filesystem.settings import Settings

CAPABILITIES = frozenset(
    {
        Capability.METADATA,
        Capability.RECORDED_DIGEST,
        Capability.REPLACE,
        Capability.CREATE_ONLY,
        Capability.RANGE_READ,
        Capability.OFFER_DIGEST,
        Capability.BULK_PUT,
        Capability.CONTAINERS,
        Capability.QUARANTINE,
        Capability.SWEEP,
    }
)


class FilesystemConnection(Connection):
    """A session with one directory: it holds the directory open, and nothing else."""

    capabilities = CAPABILITIES

    def __init__(self, parameters: ConnectionParameters) -> None:
        """Open the directory.

        Raises:
            ParameterError: not a directory that can be an offer.
            ForbiddenError: no right to enter it.
            OfferUnavailableError: no offer is there. With ``create`` it may be new: then the
                session waits for a put that makes it, and everything else says *unavailable*.
        """
        super().__init__(parameters)
        self._settings = settings = Settings.of(parameters)
        self._opened: Root | None = None
        self._closed = False
        try:
            self._opened = Root(settings)
        except OfferUnavailableError:
            if not settings.create or seen_before(settings.root):
                raise

    @property
    def _root(self) -> Root:
        """The root; of an offer that was not there before, if it is there now.

        Raises:
            OfferUnavailableError: it is still not there.
            ConnectionLostError: the session is closed.
        """
        if self._opened is None:
            self._refuse_closed()
            with _in_a_session():
                self._opened = Root(self._settings)
        return self._opened

    def _root_to_fill(self) -> Root:
        """The root; a new one is made an offer first, when that was asked for."""
        if self._opened is None:
            self._refuse_closed()
            with _in_a_session():
                make_offer(self._settings)
        return self._root

    def _refuse_closed(self) -> None:
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)

    def put(self, request: PutRequest) -> PutResult:
        """Store one object: written aside, flushed, linked into place, its name flushed."""
        refuse_retention(request)
        return writing.put(self._root_to_fill(), request)

    def bulk_put(self, request: BulkPutRequest) -> Sequence[PutResult | CoffreError]:
        """Store many objects with few flushes; one outcome for each, in order."""
        return bulk.bulk_put(self._root_to_fill(), request)

    def get(self, request: GetRequest) -> GetResult:
        """Open one object, or a range of it."""
        return reading.get(self._root, request)

    def stat(self, request: StatRequest) -> StatResult:
        """Ask about one object; with ``digest``, read and digest it now."""
        return reading.stat(self._root, request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object and its record, durably."""
        return deleting.delete(self._root, request)

    def list(self, request: ListRequest) -> Listing:
        """List one container; ten million names take the memory of fifty thousand."""
        return listing.list_container(self._root, request)

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name the containers that have a folder."""
        return listing.containers(self._root, request)

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Move one object out of sight, and keep it with the reason."""
        return quarantine(self._root, request)

    def sweep(self, request: SweepRequest) -> SweepResult:
        """Remove what writers that died have left."""
        return sweeping.sweep(self._root, request)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Ask the file system. Room kept for the administrator is not counted as free."""
        root = self._root
        with translating():
            found = os.fstatvfs(root.fd)
        return CapacityResult(
            total=found.f_blocks * found.f_frsize,
            used=(found.f_blocks - found.f_bfree) * found.f_frsize,
            free=found.f_bavail * found.f_frsize,
        )

    def close(self) -> None:
        """Let the directory go."""
        self._closed = True
        if self._opened is not None:
            self._opened.close()


@contextmanager
def _in_a_session() -> Iterator[None]:
    """What is wrong with the place is the offer's refusal, once a session is open."""
    try:
        yield
    except ParameterError as error:
        raise ForbiddenError(error.message) from error
