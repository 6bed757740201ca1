"""The driver: from parameters to connections."""

from __future__ import annotations

from coffre.contract import (
    Capability,
    CapacityRequest,
    CoffreError,
    ConnectionParameters,
    Driver,
    PrepareResult,
    Version,
)
from coffre.drivers.filesystem.connection import CAPABILITIES, FilesystemConnection
from coffre.drivers.filesystem.making import make_offer
from coffre.drivers.filesystem.settings import PARAMETERS, Settings


class FilesystemDriver(Driver):
    """Directories of this machine, on local disks or mounted ones."""

    name = "filesystem"
    version = Version(1, 0)
    contract = Version(1, 0)
    parameters = PARAMETERS
    capabilities = CAPABILITIES | {Capability.PREPARE}

    def connect(self, parameters: ConnectionParameters) -> FilesystemConnection:
        """Open the offer.

        Raises:
            ParameterError: not a directory that can be an offer.
            ForbiddenError: no right to enter it.
            OfferUnavailableError: no offer is there; with ``create``, only its operations say so.
        """
        return FilesystemConnection(parameters)

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        """Make an empty or missing directory an offer; see ``SupportsPrepare``."""
        settings = Settings.of(parameters)
        return PrepareResult(place=settings.root, made=make_offer(settings))

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the offer is there, and its file system answers.

        A read-only one is available: what it holds can be read.
        """
        try:
            with self.connect(parameters) as connection:
                connection.capacity(CapacityRequest())
        except CoffreError:
            return False
        return True
