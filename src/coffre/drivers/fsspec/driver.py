"""The driver: from parameters to connections."""

from __future__ import annotations

from coffre.contract import (
    Capability,
    CoffreError,
    ConnectionParameters,
    Driver,
    PrepareResult,
    Version,
)
from coffre.drivers.fsspec.connection import CAPABILITIES, FsspecConnection
from coffre.drivers.fsspec.making import make_offer
from coffre.drivers.fsspec.root import Root
from coffre.drivers.fsspec.settings import PARAMETERS, Settings


class FsspecDriver(Driver):
    """Folders of file systems that fsspec reaches: WebDAV, FTP, SMB, HDFS and others."""

    name = "fsspec"
    version = Version(1, 0)
    contract = Version(1, 0)
    parameters = PARAMETERS
    capabilities = CAPABILITIES | {Capability.PREPARE}

    def connect(self, parameters: ConnectionParameters) -> FsspecConnection:
        """Open the offer.

        Raises:
            ParameterError: no file system that can hold an offer.
            ForbiddenError: it does not let this user in.
            OfferUnavailableError: it cannot be reached, or no offer is there.
        """
        return FsspecConnection(parameters)

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        """Make an empty or missing folder an offer; see ``SupportsPrepare``."""
        settings = Settings.of(parameters)
        root = Root(settings)
        try:
            return PrepareResult(place=settings.place, made=make_offer(root))
        finally:
            root.close()

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the file system lets us in, and the offer is there."""
        try:
            self.connect(parameters).close()
        except CoffreError:
            return False
        return True
