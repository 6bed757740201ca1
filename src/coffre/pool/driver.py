"""PooledDriver: a driver whose ``connect`` lends a connection; closing that gives it back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from sys import _getframe
from typing import Self, TypeVar
from urllib.parse import urlsplit

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    Driver,
    OfferError,
    OfferFailedError,
    OfferTimeoutError,
)
from coffre.pool import connections, forks
from coffre.pool.errors import PoolClosedError
from coffre.pool.events import Listener, PoolSnapshot
from coffre.pool.guard import SharedTotal
from coffre.pool.lease import Lease
from coffre.pool.party import LANE, PARTY
from coffre.pool.places import note_borrower
from coffre.pool.reservation import RESERVED, Reservation, reserve
from coffre.pool.settings import DEFAULT, PoolSettings, Timeout
from coffre.pool.threads import ConnectionPool
from coffre.pool.wrapping import StandIn

T = TypeVar("T")


class WrappingDriver(Driver):
    """A driver around another: everything it does not change is the inside's."""

    reserve_together = staticmethod(reserve)
    """Sets aside what one piece of work needs of several drivers, before it begins."""

    def __init__(self, driver: Driver) -> None:
        """Declare exactly what the driver inside declares."""
        self.inside = driver
        self.name = driver.name
        self.version = driver.version
        self.contract = driver.contract
        self.parameters = driver.parameters
        self.capabilities = driver.capabilities

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """What the driver inside says: an availability is asked past every limit."""
        return self.inside.is_available(parameters)

    def __getattr__(self, name: str) -> object:
        """Whatever else the driver inside has."""
        if name.startswith("_") or name == "inside":
            raise AttributeError(name)
        return getattr(self.inside, name)

    def __repr__(self) -> str:
        """What is around what."""
        return f"{type(self).__name__}({self.inside!r})"


class PooledDriver(WrappingDriver):
    """Bounds, and keeps, the connections that one driver makes to each offer.

    The key of a pool is the driver with its frozen parameters: another user or another URL is
    another pool, asking twice gives the same one, and no connection is ever lent under
    parameters other than its own.
    """

    def __init__(
        self,
        driver: Driver,
        settings: PoolSettings | None = None,
        *,
        max_size: int | None = None,
        max_total: int | None = None,
        listener: Listener | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Wrap a driver; nothing is opened.

        Args:
            driver: opens the connections.
            settings: of every pool.
            max_size: most connections with one offer; instead of ``settings``.
            max_total: most connections with all offers together; no bound when ``None``.
            listener: told of what happens in every pool.
            clock: only its monotonic time is used.
        """
        super().__init__(driver)
        if settings is None:
            settings = PoolSettings() if max_size is None else PoolSettings(max_size=max_size)
        self.settings = settings
        self._total = None if max_total is None else SharedTotal(max_total)
        self._listener = listener
        self._clock = clock
        self._lock = threading.Lock()  # guards the two below
        self._pools: dict[ConnectionParameters, ConnectionPool] = {}
        self._closed = False
        forks.remember(self)

    def after_fork_in_child(self) -> None:
        """Another thread may have been making a pool; the pools see to themselves."""
        self._lock = threading.Lock()

    # --- the driver --------------------------------------------------------------------------

    def connect(self, parameters: ConnectionParameters) -> LentConnection:
        """Borrow a session; closing it gives it back.

        Raises:
            PoolError: none became free, or none is lent now; nothing was sent.
            OfferError: opening one failed.
        """
        pool = self.pool(parameters)
        reservation = RESERVED.get()
        lease = None if reservation is None else reservation.take(pool)
        if lease is not None:
            return LentConnection(lease, reservation)
        lease = pool.lease(lane=LANE.get())
        try:
            note_borrower(lease, _getframe(1))
            if PARTY.get() is not None:
                lease.hand_over()  # any member of the party may give it back
            return LentConnection(lease)
        except BaseException:
            lease.close()
            raise

    # --- pools -------------------------------------------------------------------------------

    def pool(self, parameters: ConnectionParameters) -> ConnectionPool:
        """The one pool of these parameters, made the first time.

        Raises:
            PoolClosedError: the driver was closed.
        """
        found = self._pools.get(parameters)
        if found is not None:
            return found
        with self._lock:
            if self._closed:
                raise PoolClosedError(f"the pools of driver {self.name!r} are closed")
            if parameters not in self._pools:
                self._pools[parameters] = self._made(parameters)
            return self._pools[parameters]

    def open_pool(
        self, parameters: ConnectionParameters, settings: PoolSettings | None = None
    ) -> ConnectionPool:
        """Make the pool of these parameters with settings of its own.

        One that is there stays as it is, unless it was closed: another takes its place.

        Raises:
            PoolClosedError: the driver was closed.
        """
        with self._lock:
            before = self._pools.get(parameters)
            if before is not None and not before.core.closed:
                return before
            if not self._closed:
                found = self._pools[parameters] = self._made(parameters, settings)
                return found
        return self.pool(parameters)

    def _made(
        self, parameters: ConnectionParameters, settings: PoolSettings | None = None
    ) -> ConnectionPool:
        return ConnectionPool(
            self._opener(parameters),
            settings or self.settings,
            name=f"{self.name}:{shown(parameters.url)}",
            clock=self._clock,
            listener=self._listener,
            total=self._total,
        )

    def _opener(self, parameters: ConnectionParameters) -> Callable[[], Connection]:
        def open_() -> Connection:
            connection = self.inside.connect(parameters)
            if connection.parameters != parameters:
                connections.close(connection)
                raise OfferFailedError(
                    f"driver {self.name!r} opened a connection under other parameters than it "
                    "was given; this is a defect of the driver: report it to its provider"
                )
            return connection

        return open_

    @property
    def pools(self) -> list[ConnectionPool]:
        """Every pool there is."""
        with self._lock:
            return list(self._pools.values())

    def snapshots(self) -> list[PoolSnapshot]:
        """Every pool at this moment."""
        return [pool.snapshot() for pool in self.pools]

    def close(self, *, timeout: Timeout = DEFAULT, force: bool = False) -> None:
        """Close every pool; closing twice is harmless.

        Args:
            timeout: seconds to wait for the connections of each that are lent.
            force: abandon those that have not come back by then.

        Raises:
            PoolTimeoutError: some are still lent; every other pool is closed all the same.
        """
        with self._lock:
            self._closed = True
            pools = list(self._pools.values())
        for (
            pool
        ) in pools:  # first of all, so that nobody takes from one while another is waited for
            pool.refuse_all()
        problem: OfferError | None = None
        for pool in pools:
            try:
                pool.close(timeout=timeout, force=force)
            except OfferError as error:
                problem = error
        if problem is not None:
            raise problem

    def __enter__(self) -> Self:
        """Use the driver; its pools are closed on leaving."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every pool."""
        self.close()


def shown(url: str) -> str:
    """A URL as it can be printed: without user, query or fragment."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path}"


class LentConnection(StandIn):
    """A connection on loan: closing it gives it back, once its streams are closed, too."""

    def __init__(self, lease: Lease, reservation: Reservation | None = None) -> None:
        """Stand for a leased connection; a reserved one goes back to its reservation."""
        self._lease = lease
        self._reservation = reservation
        connection = lease.connection
        super().__init__(connection.parameters, connection)

    @property
    def lease(self) -> Lease:
        """The loan."""
        return self._lease

    @property
    def inside(self) -> Connection:
        """The connection itself, for as long as it is on loan."""
        connection = self._lease.connection
        self._lease.used()
        return connection

    def failed(self, error: BaseException) -> None:
        """A lost session is not lent again; one left in the middle of something is reset."""
        if isinstance(error, ConnectionLostError | OfferTimeoutError):
            self._lease.discard("lost")
        elif not isinstance(error, Exception):
            self._lease.discard("interrupted")
        elif not isinstance(error, OfferError):
            self._lease.mark_dirty()

    def ended(self) -> None:
        """Give the connection back."""
        if self._reservation is not None:
            self._reservation.give_back(self._lease)
        elif not self._lease.returned:
            self._lease.close()

    def left(self) -> None:
        """Have the next one who comes by give the connection back."""
        if self._reservation is not None:
            self._reservation.give_back(self._lease)
        else:
            self._lease.leave()
