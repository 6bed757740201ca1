"""A harness: how the checks reach an offer, by its driver and, where there is a way, around it.

A provider's whole test file is a harness and a subclass of ``DriverConformance``. Everything
but the driver and its parameters is optional: a hook that is not given leaves the checks that
need it *not tried*, and the report says which.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from secrets import randbelow
from urllib.parse import urlsplit, urlunsplit

from coffre.conformance.broken import NotTried
from coffre.contract import ConnectionParameters, Driver, ObjectRef

FIRST_TENANT, TENANTS = 1_000_000_000, 1_000_000_000
"""Range of the scratch tenants: ten digits, which nobody gives to a tenant that is meant."""

USUAL_PORTS = {"http": 80, "https": 443, "sftp": 22, "ssh": 22}
"""TCP ports of schemes whose URLs usually name none."""


class Harness:
    """One offer under test. Subclass it to give hooks; as it is, it needs none."""

    driver: Driver
    """The driver under test, bare or wrapped."""
    parameters: ConnectionParameters
    """Parameters of the offer."""
    exclusive: bool = False
    """Whether the whole offer was made for one check: any tenant may then be used, nothing is
    cleaned up, and the offer is known to hold nothing else."""
    containers: Sequence[str] = ("object", "report")
    """Containers that objects can be put into, two at least. The order changes nothing."""
    tenants: Sequence[int] = ()
    """Scratch tenants, where the service knows only some; they must be empty, and are emptied
    again. With none given, tenants are drawn at random, and are another for each check."""
    patience: float = 60.0
    """Seconds after which a check counts as hanging; those of ``limits`` have twenty times that."""
    large_object: int = 256 * 1024 * 1024
    """Bytes of the largest object that is tried, in the profile ``limits``."""
    answer_within: float = 30.0
    """Seconds after which a driver must have given up a service that is silent."""
    secrets: Sequence[str] = ()
    """Texts that must never show, beside the secrets among the parameters: a token, a key."""
    command: str | None = None
    """How a person runs these checks, for findings; made from the driver's name when ``None``."""

    def __init__(self, driver: Driver, parameters: ConnectionParameters) -> None:
        """Hold the driver and the parameters of the offer."""
        self.driver = driver
        self.parameters = parameters

    def scratch_tenants(self) -> tuple[int, int | None]:
        """Two tenants for one check, the second ``None`` when the service has one only."""
        if self.tenants:
            first, *others = self.tenants
            return first, others[0] if others else None
        first = FIRST_TENANT + randbelow(TENANTS)
        return first, first + 1

    # --- hooks: the way around the driver -------------------------------------------------

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        """The bytes held under a reference, seen without the driver; ``None`` when it has none."""
        raise NotTried(
            "the bytes at rest cannot be looked at without the driver", hook="bytes_at_rest"
        )

    def damage(self, ref: ObjectRef) -> None:
        """Change the bytes at rest, their number and nothing else unchanged."""
        raise NotTried("no object can be damaged behind the driver's back", hook="damage")

    def bytes_set_aside(self, place: str) -> bytes | None:
        """The bytes that a quarantine keeps at a place; ``None`` when it has none there."""
        raise NotTried(
            "the bytes that were set aside cannot be looked at without the driver",
            hook="bytes_set_aside",
        )

    # --- hooks: slow media ------------------------------------------------------------------

    def chill(self, ref: ObjectRef) -> None:
        """Have an object on a slow medium only, as if it had not been asked for in a long time."""
        raise NotTried("no object can be moved to a slow medium on purpose", hook="chill")

    def let_pass(self, seconds: float) -> None:
        """Have that much time pass for the service's access requests, at once."""
        raise NotTried("time cannot be made to pass for the service", hook="let_pass")

    # --- hooks: other parameters ----------------------------------------------------------

    def new_place(self) -> ConnectionParameters:
        """Parameters of an empty place that is no offer yet."""
        raise NotTried("no empty place is known that is not an offer yet", hook="new_place")

    def unreachable(self) -> ConnectionParameters:
        """Parameters of an offer that cannot be reached.

        Unless overridden, a port of this machine on which nobody listens, for a service that
        has a port.
        """
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            host, port = nobody.getsockname()
        return self.through(host, port)

    def other_user(self) -> ConnectionParameters:
        """Parameters of the same offer for another user, who sees the same objects."""
        raise NotTried("no second user is known", hook="other_user")

    def refused_user(self) -> ConnectionParameters:
        """Parameters that the service does not accept: a wrong password, an unknown user."""
        raise NotTried("no user is known whom the service refuses", hook="refused_user")

    # --- hooks: the service itself --------------------------------------------------------

    def stop(self) -> None:
        """Stop the service, or make it unreachable; what it holds stays."""
        raise NotTried("the service cannot be stopped from here", hook="stop")

    def start(self) -> None:
        """Start it again, and return once it answers."""
        raise NotTried("the service cannot be started from here", hook="start")

    def address(self) -> tuple[str, int]:
        """Host and TCP port of the service; those of the URL, unless overridden."""
        try:
            parts = urlsplit(self.parameters.url)
            host, port = parts.hostname, parts.port or USUAL_PORTS.get(parts.scheme)
        except ValueError:
            host = port = None
        if host is None or port is None:
            raise NotTried("the service has no host and port in its URL", hook="address")
        return host, port

    def through(self, host: str, port: int) -> ConnectionParameters:
        """Parameters that reach the same service by way of another host and port."""
        self.address()
        parts = urlsplit(self.parameters.url)
        user, at, _ = parts.netloc.rpartition("@")
        url = urlunsplit(parts._replace(netloc=f"{user}{at}{host}:{port}"))
        return ConnectionParameters(url=url, values=self.parameters.values)
