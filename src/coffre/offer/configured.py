"""A configured service, apart from the objects it holds: identity, room, upkeep, closing."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self, TypeVar, cast

from coffre.contract import (
    SYSTEM_CLOCK,
    AnyRequest,
    Capability,
    CapacityRequest,
    CapacityResult,
    Clock,
    Connection,
    ConnectionParameters,
    ContainerEntry,
    ContainersRequest,
    Driver,
    PrepareResult,
    QuarantineRequest,
    QuarantineResult,
    SupportsContainers,
    SupportsPrepare,
    SupportsQuarantine,
    SupportsSweep,
    SweepRequest,
    SweepResult,
    UnsupportedOperationError,
)
from coffre.offer.confirmation import never_twice
from coffre.offer.holding import Hold
from coffre.offer.retry import DEFAULT_RETRY, Chance, Retrier, RetryPolicy
from coffre.offer.sessions import Sessions, place_of
from coffre.offer.standing import UNPROVED, Standing
from coffre.offer.work import OpenWork

R = TypeVar("R")

logger = logging.getLogger("coffre.offer")

ROOM = CapacityRequest()
CONTAINERS = ContainersRequest()
LEFTOVERS = SweepRequest()


class ConfiguredOffer:
    """What an offer is before it holds anything; :class:`~coffre.offer.Offer` adds objects."""

    def __init__(
        self,
        id: str,
        driver: Driver,
        parameters: ConnectionParameters,
        *,
        retry: RetryPolicy = DEFAULT_RETRY,
        clock: Clock = SYSTEM_CLOCK,
        chance: Chance = random.random,
        withheld: frozenset[Capability] = frozenset(),
        require_proved: frozenset[str] = frozenset(),
        on_close: Callable[[], object] | None = None,
    ) -> None:
        """Configure; nothing is opened yet.

        Args:
            id: name of the offer, unique among those used together.
            driver: speaks to the service.
            parameters: what every connection is opened with.
            retry: how patient to be.
            clock: where time comes from.
            chance: source of jitter, from 0 up to 1.
            withheld: capabilities that the driver declares and that are not to be relied on.
            require_proved: guarantees without whose proof nothing is put; see
                :mod:`coffre.probe`. Held by whoever keeps the records of trials.
            on_close: called when the offer is closed, after its work: lets go what was kept for it.
        """
        self._id = id
        self._sessions = Sessions(id, driver, parameters, withheld)
        self._retrier = Retrier(id, retry, clock, chance)
        self._work = OpenWork(id)
        self._on_close = on_close
        self.require_proved = require_proved
        """Guarantees without whose proof nothing is put there."""
        if require_proved:
            self.stand(UNPROVED)

    @property
    def id(self) -> str:
        """Name of the offer in the configuration, the ledger, errors and reports."""
        return self._id

    @property
    def name(self) -> str:
        """The id again, for code that shows drivers and offers alike."""
        return self._id

    @property
    def driver(self) -> Driver:
        """The driver that speaks to the service."""
        return self._sessions.driver

    @property
    def parameters(self) -> ConnectionParameters:
        """What every connection is opened with; they never change."""
        return self._sessions.parameters

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be relied on, beyond the basic operations.

        Asked of a connection, which is opened for that the first time. While the offer cannot
        be reached: what its driver declares.
        """
        return self._sessions.capabilities()

    @property
    def standing(self) -> Standing:
        """What trials on this very offer have shown, as far as it changes what is asked of it."""
        return self._sessions.standing

    def stand(self, standing: Standing) -> None:
        """Rely on what trials have left standing, from the next operation on."""
        self._sessions.stand(standing)

    def is_available(self) -> bool:
        """Whether the service answers now and would accept a session. Never raises."""
        if self._work.closed:
            return False
        try:
            return bool(self.driver.is_available(self.parameters))
        except Exception as error:  # noqa: BLE001
            # The contract says that it never raises: a service in doubt is not available.
            logger.error(
                "driver %r raised when asked for availability: %s",
                self.driver.name,
                place_of(error),
            )
            return False

    def prepare(self) -> PrepareResult:
        """Make the new, empty place that the parameters name an offer; done once, on purpose.

        An offer that is there already stays as it is, and the result says so.

        Raises:
            UnsupportedOperationError: offers of this driver need no preparation.
            CoffreError: as the contract says of ``SupportsPrepare.prepare``.
        """
        with self._work, self._sessions.signing():
            if Capability.PREPARE not in self.driver.capabilities:
                raise UnsupportedOperationError(
                    f"offers of driver {self.driver.name!r} need no preparation; nothing was done"
                )
            return cast(SupportsPrepare, self.driver).prepare(self.parameters)

    # --- room and upkeep -------------------------------------------------------------------

    def capacity(self, request: CapacityRequest = ROOM) -> CapacityResult:
        """Tell the room left, as far as the service knows.

        Raises:
            OfferUnavailableError: the offer could not be asked.
        """
        with self._work:
            return self._repeated(request, lambda connection: connection.capacity(request))

    def containers(self, request: ContainersRequest = CONTAINERS) -> Iterator[ContainerEntry]:
        """Name every container that may hold objects, sorted by tenant then name.

        Reads on demand, and holds a connection from the first name to the last.

        Raises:
            UnsupportedOperationError: the driver cannot tell; no other way to know is honest.
            OfferUnavailableError: the offer could not be read; what was named before stands.
        """

        def start(connection: Connection) -> Iterator[ContainerEntry]:
            self._require(Capability.CONTAINERS, connection)
            return iter(cast(SupportsContainers, connection).containers(request))

        self._work.begin()
        try:
            entries, connection = self._retrier.run(lambda: self._sessions.hold(request, start))
        except BaseException:
            self._work.end()
            raise
        hold = Hold(self._sessions, connection, self._work)
        try:
            with self._sessions.signing():
                yield from entries
        finally:
            hold.release()

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        """Set bad bytes aside, out of sight of ``get`` and ``list``, in one step.

        Sent once only when its answer is lost: the place of the bytes cannot be asked again.

        Raises:
            UnsupportedOperationError: the driver has no quarantine. There is no fallback: a
                copy followed by a deletion could lose the only bytes there are.
            ObjectNotFoundError: the reference holds nothing.
        """

        def set_aside(connection: Connection) -> QuarantineResult:
            self._require(Capability.QUARANTINE, connection)
            return cast(SupportsQuarantine, connection).quarantine(request)

        with self._work:
            return self._retrier.run(lambda: self._sessions.use(request, set_aside), never_twice)

    def sweep(self, request: SweepRequest = LEFTOVERS) -> SweepResult:
        """Remove leftovers of crashed puts, never the work in progress of a live writer.

        Raises:
            UnsupportedOperationError: the driver leaves nothing behind, or cannot tell what.
        """

        def clean(connection: Connection) -> SweepResult:
            self._require(Capability.SWEEP, connection)
            return cast(SupportsSweep, connection).sweep(request)

        with self._work:
            return self._repeated(request, clean)

    def _repeated(self, request: AnyRequest, work: Callable[[Connection], R]) -> R:
        """Do something that can be done twice without harm."""
        return self._retrier.run(lambda: self._sessions.use(request, work))

    def _require(self, capability: Capability, connection: Connection) -> None:
        if capability in self.standing.withheld:
            raise UnsupportedOperationError(
                f"{capability.value} is not relied on: {self.standing.withheld[capability]}; "
                "nothing was done"
            )
        if capability not in self._sessions.effective(connection):
            raise UnsupportedOperationError(
                f"driver {self.driver.name!r} has no service {capability.value!r} for this "
                "offer; nothing was done"
            )

    # --- closing ---------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether new work is refused."""
        return self._work.closed

    def close(self, *, timeout: float | None = None) -> bool:
        """Refuse new work, and wait for what is under way: operations, open streams, listings.

        Args:
            timeout: most seconds to wait, for ever when ``None``.

        Returns:
            Whether everything is over.
        """
        over = self._work.close(timeout)
        if self._on_close is not None:
            self._on_close()
        return over

    def __enter__(self) -> Self:
        """Use the offer; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the offer."""
        self.close()

    def __repr__(self) -> str:
        """Id, driver and URL; a URL holds no password, and parameters are left out."""
        return f"<Offer {self._id!r}: {self.driver.name} at {self.parameters.url}>"
