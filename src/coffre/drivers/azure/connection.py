"""One session with the Blob service; each operation is told in a module of its own."""

from __future__ import annotations

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
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    ContainerEntry,
    ContainersRequest,
    DeleteRequest,
    DeleteResult,
    GetRequest,
    GetResult,
    HoldResult,
    LiftHoldRequest,
    Listing,
    ListRequest,
    PlaceHoldRequest,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    StatRequest,
    StatResult,
    SweepRequest,
    SweepResult,
    UnsupportedOperationError,
    refuse_unsupported,
)
from coffre.contract.refusing import AnyRequest
from coffre.drivers.azure import deleting, listing, reading, stating, sweeping, thawing, writing
from coffre.drivers.azure.credentials import Tokens, credential_of
from coffre.drivers.azure.holding import lift_hold, place_hold
from coffre.drivers.azure.making import find_offer, make_space
from coffre.drivers.azure.naming import Layout
from coffre.drivers.azure.quarantine import quarantine
from coffre.drivers.azure.service import Service
from coffre.drivers.azure.settings import Settings

EVERYWHERE = frozenset(
    {
        Capability.METADATA,
        Capability.RECORDED_DIGEST,
        Capability.REPLACE,
        Capability.CREATE_ONLY,
        Capability.RANGE_READ,
        Capability.CONTAINERS,
        Capability.QUARANTINE,
        Capability.SWEEP,
        Capability.ACCESS_REQUESTS,
    }
)
"""What every account has."""
CAPABILITIES = EVERYWHERE | {Capability.RETENTION, Capability.LEGAL_HOLD}
"""And what it has where single blobs can be made immutable."""


class AzureConnection(Connection):
    """A session with one offer in one account."""

    def __init__(self, parameters: ConnectionParameters, tokens: Tokens | None = None) -> None:
        """Look for the offer's container: one request.

        Raises:
            ParameterError: a value is wrong.
            ForbiddenError: the credential is not accepted.
            OfferUnavailableError: the service cannot be reached, or no offer is there.
        """
        super().__init__(parameters)
        settings = Settings.of(parameters)
        self._service = Service(settings, credential_of(settings, tokens))
        self._layout = Layout(settings.container, each=settings.each)
        self._made: set[tuple[int, str]] = set()
        self._closed = False
        try:
            immutable = find_offer(self._service, self._layout)
        except BaseException:
            self.close()
            raise
        # Asked of the service, never of the user: where policies are not switched on it answers
        # a put that wants one with an error at best.
        self.capabilities = CAPABILITIES if immutable else EVERYWHERE
        self._service.immutable = immutable

    def _begin(self, request: AnyRequest) -> None:
        if self._closed:
            raise ConnectionLostError("the connection is closed", effect_unknown=False)
        refuse_unsupported(request, self.capabilities)

    def put(self, request: PutRequest) -> PutResult:
        """Store one object: in one request, or in blocks and a list that publishes them."""
        self._begin(request)
        self._make_room(request.ref.tenant, request.ref.container)
        return writing.put(self._service, self._layout, request)

    def _make_room(self, tenant: int, container: str) -> None:
        """Make the container of these objects, once for each session, where they have their own."""
        if self._layout.each and (tenant, container) not in self._made:
            make_space(self._service, self._layout, tenant, container)
            self._made.add((tenant, container))

    def get(self, request: GetRequest) -> GetResult:
        """Open one object, or a range of it: one request, whose answer is the stream."""
        self._begin(request)
        return reading.get(self._service, self._layout, request)

    def stat(self, request: StatRequest) -> StatResult:
        """Ask about one object."""
        self._begin(request)
        return stating.stat(self._service, self._layout, request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object; refused while a date or a hold keeps it."""
        self._begin(request)
        return deleting.delete(self._service, self._layout, request)

    def list(self, request: ListRequest) -> Listing:
        """List one container, page by page."""
        self._begin(request)
        return listing.list_container(self._service, self._layout, request)

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name the containers that may hold objects."""
        self._begin(request)
        return listing.containers(self._service, self._layout)

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Copy one object aside, then take it away."""
        self._begin(request)
        return quarantine(self._service, self._layout, request)

    def sweep(self, request: SweepRequest) -> SweepResult:
        """Remove what writers that died have left, and count what will vanish by itself."""
        self._begin(request)
        return sweeping.sweep(self._service, self._layout, request)

    def request_access(self, request: AccessRequest) -> AccessTicket:
        """Have objects brought back from the archive tier."""
        self._begin(request)
        return thawing.request_access(self._service, self._layout, request)

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        """Tell how far they are."""
        self._begin(request)
        return thawing.access_status(self._service, self._layout, request)

    def cancel_access(self, request: AccessCancelRequest) -> AccessCancelResult:
        """Nothing: what was begun goes on to its end, and what was brought back stays."""
        self._begin(request)
        return AccessCancelResult(released=False)

    def place_hold(self, request: PlaceHoldRequest) -> HoldResult:
        """Forbid the deletion and the replacement of one object."""
        self._begin(request)
        self._refuse_without(Capability.LEGAL_HOLD)
        return place_hold(self._service, self._layout, request)

    def lift_hold(self, request: LiftHoldRequest) -> HoldResult:
        """Lift one hold."""
        self._begin(request)
        self._refuse_without(Capability.LEGAL_HOLD)
        return lift_hold(self._service, self._layout, request)

    def _refuse_without(self, needed: Capability) -> None:
        if needed not in self.capabilities:
            raise UnsupportedOperationError(
                "the container has no version-level immutability; nothing was sent"
            )

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Nothing is known: the service has no bound that it tells. That it answers is asked."""
        self._begin(request)
        find_offer(self._service, self._layout)
        return CapacityResult()

    def close(self) -> None:
        """End the session, and what is still read from it."""
        self._closed = True
        self._service.close()
