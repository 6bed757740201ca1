"""The driver: from parameters to connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coffre.contract import Capability, CoffreError, ConnectionParameters, Driver, Version
from coffre.drivers.swift.settings import PARAMETERS
from coffre.http import require_pycurl

if TYPE_CHECKING:
    from coffre.drivers.swift.connection import SwiftConnection


class SwiftDriver(Driver):
    """Accounts of OpenStack Swift, and of services that speak its language."""

    name = "swift"
    version = Version(1, 0)
    contract = Version(1, 1)
    parameters = PARAMETERS
    capabilities = frozenset(
        {
            Capability.METADATA,
            Capability.RECORDED_DIGEST,
            Capability.REPLACE,
            Capability.RANGE_READ,
            Capability.CONTAINERS,
            Capability.QUARANTINE,
            Capability.SWEEP,
            Capability.BULK_DELETE,
        }
    )

    def connect(self, parameters: ConnectionParameters) -> SwiftConnection:
        """Log in, and see that the account answers.

        Raises:
            DriverError: pycurl is not installed.
            ParameterError: a value is wrong.
            ForbiddenError: the service does not accept this user.
            OfferUnavailableError: it cannot be reached.
        """
        require_pycurl("swift")
        from coffre.drivers.swift.connection import SwiftConnection

        return SwiftConnection(parameters)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the service lets us in, and the account answers."""
        try:
            self.connect(parameters).close()
        except CoffreError:
            return False
        return True
