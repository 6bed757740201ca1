"""One session with a bucket; each operation is told in a module of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from coffre.contract import (
    AccessCancelRequest,
    AccessCancelResult,
    AccessRequest,
    AccessStatus,
    AccessStatusRequest,
    AccessTicket,
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
    refuse_unsupported,
)
from coffre.drivers.s3 import (
    access,
    bulk,
    deleting,
    holding,
    listing,
    quarantine,
    reading,
    sweeping,
    writing,
)
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import Conditions, Retention, Settings

USUAL = frozenset(
    {
        Capability.METADATA,
        Capability.RECORDED_DIGEST,
        Capability.REPLACE,
        Capability.RANGE_READ,
        Capability.CONTAINERS,
        Capability.SWEEP,
        Capability.QUARANTINE,
        Capability.BULK_DELETE,
        Capability.ACCESS_REQUESTS,
    }
)
LOCKED = frozenset({Capability.RETENTION, Capability.LEGAL_HOLD})
CAPABILITIES = USUAL | LOCKED | {Capability.CREATE_ONLY}
"""The most that a connection can declare."""


class S3Connection(Connection):
    """A session with one offer: one kept connection, and more while an object is sent in parts."""

    def __init__(self, parameters: ConnectionParameters) -> None:
        """Ask for the bucket: one request, which also says whether these credentials are accepted.

        Raises:
            ParameterError: they name no bucket, or a value is out of range.
            DriverError: the library that speaks HTTP is not installed.
            ForbiddenError: the credentials are not accepted.
            OfferUnavailableError: the service cannot be reached, or has no such bucket.
        """
        super().__init__(parameters)
        settings = Settings.of(parameters)
        self._service = Service(settings)
        self.capabilities = capabilities_of(settings)
        try:
            self._service.ask("HEAD", Place(settings.naming.bucket, ""), doing="connect")
        except BaseException:
            self._service.close()
            raise

    def put(self, request: PutRequest) -> PutResult:
        """Store one object: whole in one request, or in parts that become visible in one."""
        refuse_unsupported(request, self.capabilities)
        return writing.put(self._service, request)

    def get(self, request: GetRequest) -> GetResult:
        """Open one object, or a range of it."""
        return reading.get(self._service, request)

    def stat(self, request: StatRequest) -> StatResult:
        """Ask about one object."""
        refuse_unsupported(request, self.capabilities)
        return reading.stat(self._service, request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object."""
        return deleting.delete(self._service, request)

    def list(self, request: ListRequest) -> Listing:
        """List one container, a page at a time."""
        return listing.list_container(self._service, request)

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        """Name the containers that hold objects."""
        return listing.containers(self._service, request)

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Set bad bytes aside, copied by the service itself."""
        return quarantine.quarantine(self._service, request)

    def sweep(self, request: SweepRequest) -> SweepResult:
        """Remove what writers that died have left."""
        return sweeping.sweep(self._service, request)

    def bulk_delete(self, request: BulkDeleteRequest) -> Sequence[DeleteResult | CoffreError]:
        """Delete many objects, a thousand in one request where that leaves nothing behind."""
        return bulk.bulk_delete(self._service, request)

    def place_hold(self, request: PlaceHoldRequest) -> HoldResult:
        """Place the hold of an object; S3 keeps one."""
        return holding.place_hold(self._service, request)

    def lift_hold(self, request: LiftHoldRequest) -> HoldResult:
        """Lift the hold of an object."""
        return holding.lift_hold(self._service, request)

    def request_access(self, request: AccessRequest) -> AccessTicket:
        """Order that objects of a cold class be restored."""
        return access.request_access(self._service, request)

    def access_status(self, request: AccessStatusRequest) -> Sequence[AccessStatus]:
        """Tell which of them can be read."""
        return access.access_status(self._service, request)

    def cancel_access(self, request: AccessCancelRequest) -> AccessCancelResult:
        """Tell that they are not needed any more, which S3 does not listen to."""
        return access.cancel_access(request)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """What the gateway of Ceph tells of a bucket and its quota; others tell nothing."""
        bucket = Place(self._service.naming.bucket, "")
        headers = self._service.ask("HEAD", bucket, doing="ask for room").headers
        used = _number(headers, "x-rgw-bytes-used")
        total = _number(headers, "x-rgw-quota-bucket-size")
        free = None if total is None or used is None else max(total - used, 0)
        return CapacityResult(total=total, used=used, free=free)

    def close(self) -> None:
        """End the session."""
        self._service.close()


def capabilities_of(settings: Settings) -> frozenset[Capability]:
    """What a session with these settings can do.

    Creation by condition is declared unless the user has said that there is none: a service that
    is found to ignore conditions is not written to.
    """
    found = set(USUAL)
    if settings.conditions is not Conditions.NONE:
        found.add(Capability.CREATE_ONLY)
    if settings.retention is not Retention.NONE:
        found |= LOCKED
    return frozenset(found)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    """A number of bytes; ``None`` when it is not told, or means *no bound*."""
    value = headers.get(name, "")
    return int(value) if value.isdigit() else None
