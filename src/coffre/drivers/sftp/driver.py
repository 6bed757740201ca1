"""The driver: from parameters to connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coffre.contract import (
    Capability,
    CapacityRequest,
    CoffreError,
    ConnectionParameters,
    Driver,
    DriverError,
    PrepareResult,
    Version,
)
from coffre.drivers.sftp.settings import PARAMETERS, Settings

if TYPE_CHECKING:
    from coffre.drivers.sftp.connection import SftpConnection


class SftpDriver(Driver):
    """Directories on servers that are reached over SSH."""

    name = "sftp"
    version = Version(1, 0)
    contract = Version(1, 0)
    parameters = PARAMETERS
    capabilities = frozenset(
        {
            Capability.METADATA,
            Capability.RECORDED_DIGEST,
            Capability.REPLACE,
            Capability.CREATE_ONLY,
            Capability.RANGE_READ,
            Capability.BULK_PUT,
            Capability.CONTAINERS,
            Capability.QUARANTINE,
            Capability.SWEEP,
            Capability.PREPARE,
        }
    )

    def connect(self, parameters: ConnectionParameters) -> SftpConnection:
        """Open a session, and find the offer.

        Raises:
            DriverError: paramiko is not installed.
            ParameterError: a value is wrong, or the place cannot be an offer.
            ForbiddenError: the server is not the one that was meant, or does not let us in.
            OfferUnavailableError: it cannot be reached, or no offer is there.
        """
        _require_library()
        from coffre.drivers.sftp.connection import SftpConnection

        return SftpConnection(parameters)

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        """Make an empty or missing directory an offer; see ``SupportsPrepare``."""
        _require_library()
        from coffre.drivers.sftp.connection import open_remote
        from coffre.drivers.sftp.making import make_offer

        settings = Settings.of(parameters)
        remote, _server = open_remote(settings)
        try:
            return PrepareResult(place=settings.place, made=make_offer(remote, settings))
        finally:
            remote.exchange.close()

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the server lets us in, the offer is there, and its file system answers.

        A read-only one is available: what it holds can be read.
        """
        try:
            with self.connect(parameters) as connection:
                connection.capacity(CapacityRequest())
        except CoffreError:
            return False
        return True


def _require_library() -> None:
    """Say what to install, rather than what could not be imported.

    Raises:
        DriverError: paramiko is not there.
    """
    try:
        import paramiko  # noqa: F401
    except ImportError as error:
        raise DriverError("the driver 'sftp' needs paramiko: pip install 'coffre[sftp]'") from error
