"""The driver: from parameters to a program that runs."""

from __future__ import annotations

from dataclasses import replace

from coffre.contract import (
    SYSTEM_CLOCK,
    CapacityRequest,
    CoffreError,
    ConnectionParameters,
    Driver,
    Version,
)
from coffre.drivers.process.connection import ProcessConnection
from coffre.drivers.process.handshake import open_offer
from coffre.drivers.process.program import Listener, Peer, Program
from coffre.drivers.process.services import CAPABILITIES, connection_with
from coffre.drivers.process.session import Session
from coffre.drivers.process.settings import PARAMETERS, Settings


class ProcessDriver(Driver):
    """Offers kept by a program in any language, started for each connection."""

    name = "process"
    version = Version(1, 0)
    contract = Version(1, 0)
    parameters = PARAMETERS
    capabilities = CAPABILITIES

    def connect(self, parameters: ConnectionParameters) -> ProcessConnection:
        """Start the program, and have it open the offer.

        Raises:
            ParameterError: there is no such program, or it does not accept the parameters.
            ContractVersionError: it was made for another version of the protocol or the contract.
            ForbiddenError: the offer does not accept this user.
            OfferUnavailableError: the offer cannot be reached, or the program does not speak.
        """
        settings = Settings.of(parameters)
        session = Session(
            _peer(settings), timeout=settings.timeout, grace=settings.grace, clock=SYSTEM_CLOCK
        )
        try:
            program = open_offer(session, settings, parameters, SYSTEM_CLOCK)
        except BaseException:
            session.end()
            raise
        # What the protocol has no words for cannot be asked, whatever the program could do.
        program = replace(program, capabilities=program.capabilities & CAPABILITIES)
        return connection_with(program.capabilities)(parameters, session, program)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the program starts, opens the offer, and tells its room."""
        try:
            with self.connect(parameters) as connection:
                connection.capacity(CapacityRequest())
        except CoffreError:
            return False
        return True


def _peer(settings: Settings) -> Peer:
    if settings.socket:
        return Listener(settings.socket, settings.start_timeout)
    return Program(settings.command, settings.environment)
