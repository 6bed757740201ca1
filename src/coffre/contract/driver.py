"""Driver: the technical object that opens connections, the first interface of a provider."""

from __future__ import annotations

from abc import ABC, abstractmethod

from coffre.contract.connection import Connection
from coffre.contract.parameters import ConnectionParameters, Parameter
from coffre.contract.services import Capability
from coffre.contract.version import Version


class Driver(ABC):
    """Opens connections to one kind of storage service.

    Implemented by the provider. Holds no session itself; safe to use from several threads.
    Found by its entry point in the group ``coffre.drivers``, whose name is ``name``.

    Source: VITAM's storage-driver page, interface Driver.
    """

    name: str
    """Name of the kind of service, lower case: ``filesystem``, ``s3``."""
    version: Version
    """Version of the driver itself."""
    contract: Version
    """Version of the contract it was written for; checked when it is loaded."""
    parameters: tuple[Parameter, ...] = ()
    """Parameters it understands, beside the URL."""
    capabilities: frozenset[Capability] = frozenset()
    """Most that its connections can do; a connection may declare less. And ``PREPARE``, which is
    a service of the driver itself."""

    @abstractmethod
    def connect(self, parameters: ConnectionParameters) -> Connection:
        """Open a session.

        Returns:
            A connection whose ``parameters`` are those given, and stay so.

        Raises:
            ParameterError: a value that the description could not check is wrong.
            ForbiddenError: the service does not accept this user.
            OfferUnavailableError: the service cannot be reached.
        """

    @abstractmethod
    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether the service answers now and would accept a session under these parameters.

        Cheap, and without side effects. Never raises: a service in doubt is not available.
        """
