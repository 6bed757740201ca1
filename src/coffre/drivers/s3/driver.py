"""The driver: from parameters to connections."""

from __future__ import annotations

from coffre.contract import (
    Capability,
    CoffreError,
    ConnectionParameters,
    Driver,
    ForbiddenError,
    PrepareResult,
    Version,
)
from coffre.drivers.s3.connection import CAPABILITIES, S3Connection
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.publishing import make_bucket
from coffre.drivers.s3.service import Service
from coffre.drivers.s3.settings import PARAMETERS, Settings


class S3Driver(Driver):
    """Buckets of any service that speaks S3."""

    name = "s3"
    version = Version(1, 0)
    contract = Version(1, 1)
    parameters = PARAMETERS
    capabilities = CAPABILITIES | {Capability.PREPARE}

    def connect(self, parameters: ConnectionParameters) -> S3Connection:
        """Open a session.

        Raises:
            ParameterError: the parameters name no bucket, or a value is out of range.
            DriverError: pycurl is not installed.
            ForbiddenError: the credentials are not accepted.
            OfferUnavailableError: the service cannot be reached, or has no such bucket.
        """
        return S3Connection(parameters)

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        """Make the bucket, with object lock where ``retention`` is wanted; see ``SupportsPrepare``.

        Raises:
            ForbiddenError: no right to make it, or it is somebody else's.
            OfferUnavailableError: the service cannot be reached.
        """
        settings = Settings.of(parameters)
        service = Service(settings)
        bucket = settings.naming.bucket
        try:
            answer = service.ask("HEAD", Place(bucket, ""), doing="prepare", accept={403, 404})
            if answer.status == 403:
                raise ForbiddenError(f"bucket {bucket!r} is somebody else's, or closed to us")
            made = answer.status == 404 and make_bucket(service, bucket)
        finally:
            service.close()
        return PrepareResult(place=str(Place(bucket, settings.naming.prefix)), made=made)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the bucket is there, and opens to these credentials."""
        try:
            S3Connection(parameters).close()
        except CoffreError:
            return False
        return True
