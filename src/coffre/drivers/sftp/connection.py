"""One session with a server; each operation is told in a module of its own."""

from __future__ import annotations

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
    refuse_unsupported,
)
from coffre.drivers.sftp import deleting, listing, reading, sweeping, writing
from coffre.drivers.sftp.errors import line_error, translating
from coffre.drivers.sftp.exchange import Exchange, LineLostError
from coffre.drivers.sftp.making import make_offer
from coffre.drivers.sftp.quarantine import quarantine
from coffre.drivers.sftp.remote import HARD_LINK, REPLACE, SPACE, Remote
from coffre.drivers.sftp.root import Root, seen_before
from coffre.drivers.sftp.session import Session
from coffre.drivers.sftp.settings import Settings

EVERYWHERE = frozenset(
    {
        Capability.METADATA,
        Capability.RECORDED_DIGEST,
        Capability.RANGE_READ,
        Capability.BULK_PUT,
        Capability.CONTAINERS,
        Capability.QUARANTINE,
        Capability.SWEEP,
    }
)
"""What needs no extension of the server's."""
CAPABILITIES = EVERYWHERE | {Capability.CREATE_ONLY, Capability.REPLACE}
_OPENSSH = "SSH-2.0-OpenSSH"


class SftpConnection(Connection):
    """A session with one server, on one root."""

    def __init__(self, parameters: ConnectionParameters) -> None:
        """Open the session, and look for the offer.

        Raises:
            ParameterError: a value is wrong, or the place cannot be an offer.
            ForbiddenError: the server is not the one that was meant, or does not let us in.
            OfferUnavailableError: it cannot be reached, or no offer is there. With ``create`` it
                may be new: then the session waits for a put that makes it.
        """
        super().__init__(parameters)
        self._settings = settings = Settings.of(parameters)
        self._opened: Root | None = None
        self._closed = False
        self._remote, server = open_remote(settings)
        self.capabilities = capabilities_of(self._remote, server)
        try:
            self._find()
        except BaseException:
            self.close()
            raise

    def _find(self) -> None:
        try:
            with translating(self._remote.exchange):
                self._opened = Root(self._remote, self._settings)
        except OfferUnavailableError as error:
            lost = isinstance(error, ConnectionLostError | TimeoutError)
            if lost or not self._settings.create or seen_before(self._settings):
                raise

    @property
    def _root(self) -> Root:
        """The root; of an offer that was not there before, if it is there now.

        Raises:
            OfferUnavailableError: it is still not there.
            ConnectionLostError: the session is closed.
        """
        self._refuse_closed()
        if self._opened is None:
            with _in_a_session(), translating(self._remote.exchange):
                self._opened = Root(self._remote, self._settings)
        return self._opened

    def _root_to_fill(self) -> Root:
        """The root; a new one is made an offer first, when that was asked for."""
        self._refuse_closed()
        if self._opened is None:
            with _in_a_session():
                make_offer(self._remote, self._settings)
        return self._root

    def _refuse_closed(self) -> None:
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)

    def put(self, request: PutRequest) -> PutResult:
        """Store one object: written aside, flushed, linked into place, its name flushed."""
        refuse_unsupported(request, self.capabilities)
        return writing.put(self._root_to_fill(), request)

    def bulk_put(self, request: BulkPutRequest) -> Sequence[PutResult | CoffreError]:
        """Store many objects in few round trips; one outcome for each, in order."""
        return writing.bulk_put(self._root_to_fill(), request, self.capabilities)

    def get(self, request: GetRequest) -> GetResult:
        """Open one object, or a range of it."""
        return reading.get(self._root, request)

    def stat(self, request: StatRequest) -> StatResult:
        """Ask about one object; a digest by the offer is not to be had."""
        refuse_unsupported(request, self.capabilities)
        return reading.stat(self._root, request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object and its record, durably where the server can."""
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
        """Ask the server's file system; nothing is known where it cannot be asked."""
        root = self._root
        with translating(root.exchange):
            if not root.remote.has(SPACE):
                root.require()
                return CapacityResult()
            room = root.remote.room()
            root.require()
            found = room.get()
        return CapacityResult(
            total=found.total, used=found.total - found.free, free=found.available
        )

    def close(self) -> None:
        """End the session."""
        self._closed = True
        self._remote.exchange.close()


def open_remote(settings: Settings) -> tuple[Remote, str]:
    """Open a session, and see what the server can do.

    Returns:
        Its files, and what it says that its software is.

    Raises:
        OfferUnavailableError: the server cannot be reached, or does not speak SFTP.
        ForbiddenError: it is not the one that was meant, or does not let us in.
        ParameterError: a key, or the file of known hosts, cannot be read.
    """
    session = Session(settings)
    try:
        return Remote(Exchange(session), settings.path), session.server
    except LineLostError as error:
        session.close()
        raise line_error(error) from error


def capabilities_of(remote: Remote, server: str) -> frozenset[Capability]:
    """What one server can do.

    Args:
        remote: the server.
        server: what it says that its software is.
    """
    found = set(EVERYWHERE)
    # OpenSSH renames a file by a hard link: of several writers one wins. Another server's rename
    # is trusted to refuse a name that is there, once that was tried, but not to win a race.
    if remote.has(HARD_LINK) or server.startswith(_OPENSSH):
        found.add(Capability.CREATE_ONLY)
    if remote.has(REPLACE):
        found.add(Capability.REPLACE)
    return frozenset(found)


@contextmanager
def _in_a_session() -> Iterator[None]:
    """What is wrong with the place is the offer's refusal, once a session is open."""
    try:
        yield
    except ParameterError as error:
        raise ForbiddenError(error.message) from error
