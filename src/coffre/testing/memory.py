"""Offers in memory: a whole implementation of the contract, for tests and for trying things out.

Every connection to ``memory://name`` in this process sees the same objects. They are gone
with the process: ``durable`` is false in every result.

A put gathers the bytes aside, holds them against what was announced, and publishes in one
step under the offer's lock: readers see the whole object or none, and of several writers of
one reference exactly one wins.

A test makes an offer asynchronous by moving objects to a slow medium (``MemoryOffer.chill``):
they are read once they were asked for, and no sooner. The offer's clock drives the rest.

Parameters:
    user: two users are two connections, and see the same objects.
    capacity: most bytes the offer may hold for this connection to store more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coffre.contract import (
    BulkPutRequest,
    Capability,
    CapacityRequest,
    CapacityResult,
    CoffreError,
    ConnectionLostError,
    ConnectionParameters,
    ContainerEntry,
    ContainersRequest,
    Driver,
    Evidence,
    GetRequest,
    GetResult,
    InvalidRangeError,
    ListEntry,
    Listing,
    ListRequest,
    Parameter,
    ParameterError,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    SweepRequest,
    SweepResult,
    Version,
)
from coffre.streams import BytesContent, check_received, copy_digesting
from coffre.testing.held import Held
from coffre.testing.offer import MemoryOffer
from coffre.testing.services import MemoryServices, outcome_of

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
        Capability.RETENTION,
        Capability.BULK_STAT,
        Capability.BULK_DELETE,
        Capability.LEGAL_HOLD,
        Capability.OFFER_LOG,
        Capability.ACCESS_REQUESTS,
        Capability.SERVER_COPY,
    }
)


class MemoryDriver(Driver):
    """Offers in this process's memory, for tests: everything is forgotten with the process."""

    name = "memory"
    version = Version(1, 0)
    contract = Version(1, 1)
    parameters = (
        Parameter(name="user", help="Who is asking; changes nothing but the connection."),
        Parameter(name="capacity", type=int, help="Most bytes the offer may hold, in bytes."),
    )
    capabilities = CAPABILITIES

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        """Open a session with the offer of the URL, which is made the first time.

        Raises:
            ParameterError: the URL is not ``memory://`` and a name.
            OfferUnavailableError: a test has taken the offer off line.
        """
        offer = MemoryOffer.at(parameters.url)
        offer.begin("connect")
        return MemoryConnection(parameters, offer)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether a test has left the offer on line."""
        try:
            return MemoryOffer.at(parameters.url).online
        except ParameterError:
            return False


class MemoryConnection(MemoryServices):
    """One session with a memory offer."""

    capabilities = CAPABILITIES

    def __init__(self, parameters: ConnectionParameters, offer: MemoryOffer) -> None:
        """Open it on an offer."""
        super().__init__(parameters)
        self._offer = offer
        self._closed = False
        quota = parameters.get("capacity")
        self._quota = quota if isinstance(quota, int) else None

    def put(self, request: PutRequest) -> PutResult:
        """Store one object, whole or not at all."""
        self._begin("put")
        return self._put(request)

    def _put(self, request: PutRequest) -> PutResult:
        pieces: list[bytes] = []
        with request.content.open() as stream:
            copied = copy_digesting(
                stream,
                lambda chunk: pieces.append(bytes(chunk)),
                request.algorithm,
                at_most=request.size,
            )
        check_received(request, copied)
        new = Held(
            data=b"".join(pieces),
            recorded=copied.digest,
            recorded_size=copied.size,
            stored_at=self._offer.clock.now(),
            metadata=request.metadata,
            retain_until=request.retain_until,
        )
        written = self._offer.publish(
            request.ref, new, replacing=request.replace, quota=self._quota
        )
        return PutResult(
            size=copied.size,
            digest=copied.digest,
            # The same bytes were compared, one by one, with those at rest.
            evidence=Evidence.PRESENT if written else Evidence.REPORTED,
            already_there=not written,
            durable=False,
        )

    def get(self, request: GetRequest) -> GetResult:
        """Open one object, or a range of it; the stream keeps the bytes of this moment."""
        self._begin("get")
        held = self._offer.readable(request.ref)
        size = len(held.data)
        end = size if request.length is None else request.offset + request.length
        if request.offset > size or end > size:
            raise InvalidRangeError(
                f"bytes {request.offset} to {end} were asked of an object of {size}",
                ref=request.ref,
            )
        return GetResult(
            stream=BytesContent(held.data[request.offset : end]).open(),
            size=size,
            metadata=held.metadata,
            recorded=held.recorded,
        )

    def list(self, request: ListRequest) -> Listing:
        """List one container as it was when asked."""
        self._begin("list")
        sizes = self._offer.sizes(request.tenant, request.container)
        wanted = sorted(
            name
            for name in sizes
            if name.startswith(request.prefix) and (request.after is None or name > request.after)
        )
        entries = (ListEntry(identifier=name, size=sizes[name]) for name in wanted)
        return Listing(entries, limit=request.limit)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Tell the room left; without a bound only what is used is known."""
        self._begin("capacity")
        total, used = self._offer.room(self._quota)
        free = None if total is None else max(total - used, 0)
        return CapacityResult(total=total, used=used, free=free)

    def bulk_put(self, request: BulkPutRequest) -> Sequence[PutResult | CoffreError]:
        """Store several objects, each whole or not at all."""
        self._begin("bulk_put")
        return [outcome_of(self._put, put) for put in request.puts]

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name the containers that hold objects now."""
        self._begin("containers")
        found = {(ref.tenant, ref.container) for ref in self._offer.refs()}
        return (ContainerEntry(tenant=tenant, container=name) for tenant, name in sorted(found))

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Set an object aside; ``MemoryOffer.quarantined`` shows it."""
        self._begin("quarantine")
        found = self._offer.set_aside(request.ref, request.reason)
        return QuarantineResult(place=found.place, size=len(found.data))

    def sweep(self, request: SweepRequest) -> SweepResult:
        """Remove what :meth:`MemoryOffer.leave_behind` left; puts here never leave anything."""
        self._begin("sweep")
        removed, kept = self._offer.sweep(request.older_than)
        return SweepResult(removed=len(removed), kept=kept, freed=sum(removed))

    def close(self) -> None:
        """End the session."""
        self._closed = True

    def _begin(self, operation: str) -> None:
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)
        self._offer.begin(operation)
