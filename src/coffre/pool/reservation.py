"""Reservations: everything that one piece of work needs, taken in one order before it begins.

A fan-out holds a connection with each of its offers until the last byte, and so does a copy
from one offer to another. Two of them that took what they need one by one could each hold what
the other waits for. Taken in one order (limits first, by rank and age; then connections, by age
of their pool), they cannot, whatever the limits, down to 1.

Source: J. W. Havender, "Avoiding Deadlock in Multitasking Systems", IBM Systems Journal 7(2), 1968.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Protocol, runtime_checkable

from coffre.contract import ConnectionParameters, Driver, OfferError
from coffre.pool.errors import PoolClosedError
from coffre.pool.lease import Lease
from coffre.pool.limiter import ThreadLimiter
from coffre.pool.limits import Limit
from coffre.pool.party import LANE, together
from coffre.pool.settings import DEFAULT, Timeout
from coffre.pool.threads import ConnectionPool


@runtime_checkable
class Limited(Protocol):
    """A driver that takes permits."""

    limiters: tuple[ThreadLimiter, ...]
    inside: Driver


@runtime_checkable
class Pooled(Protocol):
    """A driver that lends connections."""

    inside: Driver

    def pool(self, parameters: ConnectionParameters) -> ConnectionPool:
        """The pool of these parameters."""
        ...


class Reservation:
    """Connections set aside for a party, by pool."""

    def __init__(self) -> None:
        """Nothing reserved."""
        self._free: dict[int, list[Lease]] = {}
        self._refused: dict[int, OfferError] = {}
        self._leases: list[Lease] = []
        self.refusals: dict[Limit, OfferError] = {}
        """Limits that did not let the party in."""

    def refuse(self, limit: Limit) -> None:
        """Nothing, unless the party was not let in there when it asked.

        Raises:
            PoolError: it was not; it is not going to wait again while it holds other permits.
        """
        refusal = self.refusals.get(limit)
        if refusal is not None:
            raise refusal

    def add(self, pool: ConnectionPool, timeout: Timeout) -> None:
        """Set a connection aside; when there is none, whoever asks for it is told why."""
        try:
            lease = pool.lease(timeout=timeout, lane=LANE.get())
        except OfferError as error:
            self._refused[id(pool)] = error
            return
        lease.hand_over()
        self._leases.append(lease)
        self._free.setdefault(id(pool), []).append(lease)

    def take(self, pool: ConnectionPool) -> Lease | None:
        """A connection that was set aside and is not in use; ``None`` when none was.

        Raises:
            OfferError: none could be had when it was asked for, or a new one in the place of
                one that broke.
        """
        refused = self._refused.get(id(pool))
        if refused is not None:
            raise refused
        free = self._free.get(id(pool), [])
        try:
            lease = free.pop()
        except IndexError:
            return None
        if lease.trouble is not None and not lease.returned:
            pool.renew(lease)
        return None if lease.returned else lease

    def give_back(self, lease: Lease) -> None:
        """A member does not need it any more; the next one may."""
        if not lease.returned:
            self._free.setdefault(id(lease.pool), []).append(lease)

    def end(self) -> None:
        """Everything goes home."""
        for lease in self._leases:
            if not lease.returned:
                lease.close()


RESERVED: ContextVar[Reservation | None] = ContextVar("coffre.pool.reserved", default=None)


@contextlib.contextmanager
def reserve(
    needs: Iterable[tuple[Driver, ConnectionParameters]], *, timeout: Timeout = DEFAULT
) -> Iterator[Reservation]:
    """Take, in one order, the permits and connections that a piece of work needs; then do it.

    ``connect`` in this block, and in threads started with a copy of its context, uses them.
    An offer that cannot be had fails at its own ``connect``, and stops no other. Drivers
    without limits and pools are left alone. Streams must be closed before the block ends.

    Args:
        needs: drivers and parameters, one pair for each connection.
        timeout: seconds to wait for each; the limit's or pool's own unless given.
    """
    chains = [(list(_chain(driver)), parameters) for driver, parameters in needs]
    limits = {limit for chain, _ in chains for limit in _limits(chain)}
    with contextlib.ExitStack() as stack:
        stack.enter_context(together())
        reservation = Reservation()
        for limit in sorted(limits, key=lambda one: one.order):
            _enter(stack, limit, timeout, reservation)
        stack.callback(reservation.end)
        pools = [
            pool
            for chain, parameters in chains
            for pool in _pools(chain, parameters)
            # Whoever asks a closed one is told so at its own connect.
            if not pool.core.closed
        ]
        for pool in sorted(pools, key=lambda one: one.serial):
            reservation.add(pool, timeout)
        outer = RESERVED.set(reservation)
        stack.callback(RESERVED.reset, outer)
        yield reservation


def _enter(
    stack: contextlib.ExitStack, limit: ThreadLimiter, timeout: Timeout, reservation: Reservation
) -> None:
    try:
        admission = limit.enter(timeout)
    except OfferError as error:
        reservation.refusals[limit] = error
    else:
        stack.callback(admission.close)


def _chain(driver: Driver) -> Iterator[Driver]:
    """The driver, and those inside it."""
    current: object = driver
    while isinstance(current, Driver):
        yield current
        current = getattr(current, "inside", None)


def _limits(chain: list[Driver]) -> list[ThreadLimiter]:
    # Looked for in the object itself: wrappers answer for the attributes of their inside.
    return [
        limit
        for driver in chain
        if isinstance(driver, Limited) and "limiters" in vars(driver)
        for limit in driver.limiters
    ]


def _pools(chain: list[Driver], parameters: ConnectionParameters) -> list[ConnectionPool]:
    with contextlib.suppress(PoolClosedError):
        return [
            driver.pool(parameters)
            for driver in chain
            if "pool" in vars(type(driver)) and isinstance(driver, Pooled)
        ]
    return []
