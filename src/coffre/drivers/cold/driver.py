"""The driver: from parameters to connections."""

from __future__ import annotations

from coffre.contract import (
    SYSTEM_CLOCK,
    Capability,
    Clock,
    CoffreError,
    ConnectionParameters,
    Driver,
    PrepareResult,
    Version,
)
from coffre.drivers.cold.connection import CAPABILITIES, ColdConnection
from coffre.drivers.cold.library import Library, make_library
from coffre.drivers.cold.settings import PARAMETERS, Settings


class ColdDriver(Driver):
    """Directories that behave like tape libraries, for rehearsals and tests."""

    name = "cold"
    version = Version(1, 0)
    contract = Version(1, 1)
    parameters = PARAMETERS
    capabilities = CAPABILITIES | {Capability.PREPARE}

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        """Make a driver whose libraries live by a clock."""
        self._clock = clock

    def connect(self, parameters: ConnectionParameters) -> ColdConnection:
        """Open the library.

        Raises:
            ParameterError: not a directory that can be a library.
            OfferUnavailableError: no library is there.
        """
        return ColdConnection(parameters, self._clock)

    def prepare(self, parameters: ConnectionParameters) -> PrepareResult:
        """Make an empty or missing directory a library; see ``SupportsPrepare``."""
        settings = Settings.of(parameters)
        return PrepareResult(place=settings.root, made=make_library(settings))

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the library is there, and its catalogue can be read. No time passes in it."""
        try:
            library = Library(Settings.of(parameters), self._clock)
        except CoffreError:
            return False
        library.close()
        return True
