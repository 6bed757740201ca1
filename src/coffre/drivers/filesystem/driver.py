"""The driver: from parameters to connections."""

from __future__ import annotations

from coffre.contract import (
    CapacityRequest,
    CoffreError,
    ConnectionParameters,
    Driver,
    Version,
)
from coffre.drivers.filesystem.connection import CAPABILITIES, FilesystemConnection
from coffre.drivers.filesystem.settings import PARAMETERS


class FilesystemDriver(Driver):
    """Opens directories of this machine, on local disks or mounted ones."""

    name = "filesystem"
    version = Version(1, 0)
    contract = Version(1, 0)
    parameters = PARAMETERS
    capabilities = CAPABILITIES

    def connect(self, parameters: ConnectionParameters) -> FilesystemConnection:
        """Open the directory.

        Raises:
            ParameterError: not a directory that can be an offer.
            ForbiddenError: no right to enter it.
            OfferUnavailableError: it is not there.
        """
        return FilesystemConnection(parameters)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the directory is there, ours or new, and its file system answers.

        A read-only one is available: what it holds can be read.
        """
        try:
            with self.connect(parameters) as connection:
                connection.capacity(CapacityRequest())
        except CoffreError:
            return False
        return True
