"""LimitedDriver: bounds the threads that use a driver at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from coffre.contract import Connection, ConnectionParameters, Driver
from coffre.pool.admission import Admission
from coffre.pool.driver import WrappingDriver
from coffre.pool.limiter import ThreadLimiter
from coffre.pool.limits import MAX_CONCURRENT
from coffre.pool.reservation import RESERVED
from coffre.pool.wrapping import StandIn


class LimitedDriver(WrappingDriver):
    """A thread that uses the driver has a permit, from ``connect`` to the end of the session.

    The permit is the thread's, not the session's: a thread that has one enters again for
    nothing. It is held until the connection and its streams are closed, because the connection
    below it is: whoever has a pooled connection then has a permit, and nobody who holds one
    waits for the other. Put this around :class:`~coffre.pool.PooledDriver`, not inside.
    """

    def __init__(
        self,
        driver: Driver,
        *,
        max_concurrent: int | None = None,
        limiters: Sequence[ThreadLimiter] = (),
        name: str | None = None,
    ) -> None:
        """Wrap a driver.

        Args:
            driver: what is limited.
            max_concurrent: threads at once, for this wrapper alone: the limit of one offer.
                32 unless there are other limits.
            limiters: limits shared with other wrappers: the global one, the driver's.
            name: of the limit of its own, for messages; the driver's name unless given.
        """
        super().__init__(driver)
        own = []
        if max_concurrent is not None or not limiters:
            size = MAX_CONCURRENT if max_concurrent is None else max_concurrent
            own.append(ThreadLimiter(size, name=name or driver.name))
        self.limiters = tuple(sorted([*limiters, *own], key=lambda one: one.order))
        """In the order in which they are taken."""

    def connect(self, parameters: ConnectionParameters) -> StandIn:
        """Open a session, once there is a permit.

        Raises:
            PoolError: there was none in time; nothing was sent.
            OfferError: as the driver inside says.
        """
        admissions: list[Admission] = []
        reservation = RESERVED.get()
        try:
            for limiter in self.limiters:
                if reservation is not None:
                    reservation.refuse(limiter)
                admissions.append(limiter.enter())
            connection = self.inside.connect(parameters)
            # Asked of its classes: isinstance() of an abstract one costs as much as the permit.
            lent = StandIn in type(connection).__mro__
            session = cast(StandIn, connection) if lent else LimitedConnection(connection)
            session.then(*admissions)
            return session
        except BaseException:
            for admission in reversed(admissions):
                admission.close()
            raise


class LimitedConnection(StandIn):
    """A session that no pool lends, whose user has permits until it and its streams are closed."""

    def __init__(self, inside: Connection) -> None:
        """Stand for an open session."""
        self._inside = inside
        super().__init__(inside.parameters, inside)

    @property
    def inside(self) -> Connection:
        """The session itself."""
        return self._inside

    def failed(self, error: BaseException) -> None:
        """Nothing: what it means for the session is decided below."""

    def ended(self) -> None:
        """Close the session; then the permits go: they outlive what they permit."""
        self._inside.close()
