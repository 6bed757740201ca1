"""LimitedDriver: bounds the threads that use a driver at once."""

from __future__ import annotations

from collections.abc import Sequence

from coffre.contract import Connection, ConnectionParameters, Driver
from coffre.pool.driver import WrappingDriver
from coffre.pool.limiter import ThreadLimiter
from coffre.pool.limits import MAX_CONCURRENT, Admission
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

    def connect(self, parameters: ConnectionParameters) -> LimitedConnection:
        """Open a session, once there is a permit.

        Raises:
            PoolError: there was none in time; nothing was sent.
            OfferError: as the driver inside says.
        """
        admissions: list[Admission] = []
        try:
            for limiter in self.limiters:
                self._refuse_reserved(limiter)
                admissions.append(limiter.enter())
            return LimitedConnection(self.inside.connect(parameters), admissions)
        except BaseException:
            for admission in reversed(admissions):
                admission.close()
            raise

    @staticmethod
    def _refuse_reserved(limiter: ThreadLimiter) -> None:
        """A party that was not let in when it asked is not going to wait while it holds others."""
        reservation = RESERVED.get()
        refusal = None if reservation is None else reservation.refusals.get(limiter)
        if refusal is not None:
            raise refusal


class LimitedConnection(StandIn):
    """A session whose user has permits until it, and its streams, are closed."""

    def __init__(self, inside: Connection, admissions: Sequence[Admission]) -> None:
        """Stand for an open session."""
        self._inside = inside
        self._admissions = admissions
        super().__init__(inside.parameters, inside)

    @property
    def inside(self) -> Connection:
        """The session itself."""
        return self._inside

    def failed(self, error: BaseException) -> None:
        """Nothing: what it means for the session is decided below."""

    def ended(self) -> None:
        """Close the session, then leave: the permit outlives what it permits."""
        try:
            self._inside.close()
        finally:
            for admission in reversed(self._admissions):
                admission.close()
