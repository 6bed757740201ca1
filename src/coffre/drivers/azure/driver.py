"""The driver: from parameters to connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coffre.contract import (
    Capability,
    CoffreError,
    ConnectionParameters,
    Driver,
    PrepareResult,
    Version,
)
from coffre.drivers.azure.settings import PARAMETERS

if TYPE_CHECKING:
    from coffre.drivers.azure.connection import AzureConnection
    from coffre.drivers.azure.credentials import Tokens


class AzureDriver(Driver):
    """Block blobs of an Azure Storage account."""

    name = "azure"
    version = Version(1, 0)
    contract = Version(1, 1)
    parameters = PARAMETERS
    capabilities = frozenset(
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
            Capability.RETENTION,
            Capability.LEGAL_HOLD,
            Capability.PREPARE,
        }
    )

    def __init__(self, tokens: Tokens | None = None) -> None:
        """Ready for use.

        Args:
            tokens: gives an OAuth token that is good now, for connections whose parameters name
                no credential; called for every request, from several threads.
        """
        self._tokens = tokens

    def connect(self, parameters: ConnectionParameters) -> AzureConnection:
        """Open a session, and find the offer.

        Raises:
            DriverError: pycurl is not installed, or azure-identity where it is wanted.
            ParameterError: a value is wrong.
            ForbiddenError: the credential is not accepted.
            OfferUnavailableError: the service cannot be reached, or no offer is there.
        """
        from coffre.drivers.azure.connection import AzureConnection

        return AzureConnection(parameters, self._tokens)

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        """Make the container of the offer; see ``SupportsPrepare``."""
        from coffre.drivers.azure.making import prepare

        return prepare(parameters, self._tokens)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the service answers, accepts the credential, and has the offer's container."""
        try:
            self.connect(parameters).close()
        except CoffreError:
            return False
        return True
