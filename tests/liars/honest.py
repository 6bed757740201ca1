"""The honest driver that every liar is made of, and the harness that all of them are tried on.

It is the memory driver, with a password, and with the steps of a put apart, so that a liar can
change one of them and leave the others alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from coffre.conformance import Harness
from coffre.contract import (
    ConnectionParameters,
    Evidence,
    ForbiddenError,
    ListEntry,
    Listing,
    ListRequest,
    ObjectRef,
    Parameter,
    PutRequest,
    PutResult,
    Secret,
    refuse_unsupported,
)
from coffre.streams import Copied, check_received, copy_digesting
from coffre.testing import Held, MemoryConnection, MemoryDriver, MemoryOffer

URL = "memory://liars"
GONE = "memory://gone"
PASSWORD = "correct-horse-battery"
ENVIRONMENT = "COFFRE_LIARS_PASSWORD"


class HonestConnection(MemoryConnection):
    """A session of the memory driver, whose put is in steps, and which knows its driver."""

    def __init__(
        self, parameters: ConnectionParameters, offer: MemoryOffer, driver: HonestDriver
    ) -> None:
        super().__init__(parameters, offer)
        self.driver = driver

    def _put(self, request: PutRequest) -> PutResult:
        refuse_unsupported(request, self.capabilities)
        data, copied = self.receive(request)
        return self.publish(request, data, copied)

    def receive(self, request: PutRequest) -> tuple[bytes, Copied]:
        """Pull the content, and hold it against what was announced."""
        data, copied = self.pull(request)
        check_received(request, copied)
        return data, copied

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        """Pull the content."""
        pieces: list[bytes] = []
        with request.content.open() as stream:
            copied = copy_digesting(
                stream,
                lambda chunk: pieces.append(bytes(chunk)),
                request.algorithm,
                at_most=request.size,
            )
        return b"".join(pieces), copied

    def publish(self, request: PutRequest, data: bytes, copied: Copied) -> PutResult:
        """Make it appear, and tell of it."""
        written = self._offer.publish(
            request.ref,
            self.as_held(request, data, copied),
            replacing=request.replace,
            quota=self._quota,
        )
        return self.result(copied, written=written)

    def as_held(self, request: PutRequest, data: bytes, copied: Copied) -> Held:
        """The object as it will be at rest."""
        return Held(
            data=data,
            recorded=copied.digest,
            recorded_size=copied.size,
            stored_at=self._offer.clock.now(),
            metadata=request.metadata,
            retain_until=request.retain_until,
        )

    def result(self, copied: Copied, *, written: bool = True) -> PutResult:
        """What is told of a put."""
        return PutResult(
            size=copied.size,
            digest=copied.digest,
            evidence=Evidence.PRESENT if written else Evidence.REPORTED,
            already_there=not written,
            durable=False,
        )

    # --- ways into the offer, for liars -----------------------------------------------------

    def found(self, ref: ObjectRef) -> Held | None:
        """What is at rest under a reference."""
        return self._offer._objects.get(ref)

    def place(self, ref: ObjectRef, held: Held) -> None:
        """Put something at rest, whatever was there."""
        with self._offer._lock:
            self._offer._place(ref, held)

    def sizes(self, request: ListRequest) -> dict[str, int]:
        """Identifier and size of what a listing owes."""
        return {
            name: size
            for name, size in self._offer.sizes(request.tenant, request.container).items()
            if name.startswith(request.prefix) and (request.after is None or name > request.after)
        }

    def listing(self, sizes: Mapping[str, int], limit: int | None = None) -> Listing:
        """A listing of just this, in just this order."""
        entries = (ListEntry(identifier=name, size=size) for name, size in sizes.items())
        return Listing(entries, limit=limit)


class HonestDriver(MemoryDriver):
    """The memory driver behind a password."""

    name = "honest"
    parameters: tuple[Parameter, ...] = (  # type: ignore[assignment]
        *MemoryDriver.parameters,
        Parameter(name="password", type=Secret, help="What the service asks for."),
    )
    connection: ClassVar[type[HonestConnection]] = HonestConnection

    def __init__(self) -> None:
        self.notes: dict[str, Any] = {}
        """What a liar remembers from one call to another."""
        self.at_the_end: list[Callable[[], object]] = []
        """What is to be let go after the test: a liar leaves things behind, a test does not."""

    def connect(self, parameters: ConnectionParameters) -> MemoryConnection:
        """Open a session, for whoever knows the password."""
        offer = MemoryOffer.at(parameters.url)
        offer.begin("connect")
        if parameters.text("password") != PASSWORD:
            raise ForbiddenError("the service does not accept this user")
        return self.connection(parameters, offer, self)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """Whether it is on line, and the password right."""
        return super().is_available(parameters) and parameters.text("password") == PASSWORD


class HonestHarness(Harness):
    """An offer in memory of its own, with every hook there is."""

    exclusive = True
    patience = 5.0
    room = 1 << 30
    """Bytes that the offer takes."""
    secrets = (PASSWORD,)

    def __init__(self, driver: HonestDriver) -> None:
        os.environ[ENVIRONMENT] = PASSWORD
        MemoryOffer.discard(URL)
        self.offer = MemoryOffer.at(URL)
        self.offer.cold.delay = 3600.0
        self.driver = driver
        super().__init__(driver, self.given(user="one"))

    def given(
        self, url: str = URL, *, user: str, password: str | Mapping[str, str] | None = None
    ) -> ConnectionParameters:
        """Parameters of one user."""
        secret = {"environment": ENVIRONMENT} if password is None else password
        values = {"capacity": self.room, "user": user, "password": secret}
        return ConnectionParameters.checked(HonestDriver.parameters, url=url, values=values)

    def bytes_at_rest(self, ref: ObjectRef) -> bytes | None:
        return self.offer.bytes_of(ref)

    def damage(self, ref: ObjectRef) -> None:
        self.offer.damage(ref)

    def bytes_set_aside(self, place: str) -> bytes | None:
        found = (one.data for one in self.offer.quarantined if one.place == place)
        return next(found, None)

    def chill(self, ref: ObjectRef) -> None:
        self.offer.chill(ref)

    def let_pass(self, seconds: float) -> None:
        self.offer.cold.hasten(seconds)

    def unreachable(self) -> ConnectionParameters:
        MemoryOffer.at(GONE).online = False
        return self.given(GONE, user="one")

    def new_place(self) -> ConnectionParameters:
        MemoryOffer.discard(f"{URL}/new")
        return self.given(f"{URL}/new", user="one")

    def other_user(self) -> ConnectionParameters:
        return self.given(user="another")

    def refused_user(self) -> ConnectionParameters:
        return self.given(user="one", password="a-guess-that-is-wrong")

    def stop(self) -> None:
        self.offer.online = False

    def start(self) -> None:
        self.offer.online = True


class SmallHarness(HonestHarness):
    """An offer that a check can fill."""

    room = 1 << 20
