"""DriverManager: the offers that are open in this process, each opened once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    CoffreError,
    ConnectionParameters,
    Driver,
    check_name,
)
from coffre.manager.availability import Availability, ask_all
from coffre.manager.discovery import load_driver
from coffre.manager.errors import OfferExistsError, OfferNotOpenError
from coffre.manager.events import telling
from coffre.manager.limits import GLOBAL_THREADS, DriverSettings, OfferLimits, ThreadLimit
from coffre.manager.pooling import NO_DRIVERS, Fitted, Pooling
from coffre.manager.snapshot import ManagerSnapshot, OfferSnapshot
from coffre.offer import DEFAULT_RETRY, Offer, RetryPolicy
from coffre.pool import Listener

logger = logging.getLogger("coffre.manager")

GRACE = 60.0
"""Seconds that open work is given to finish when a manager is closed."""
NO_VALUES: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSettings:
    """One offer, as a configuration describes it."""

    id: str
    """Unique among the offers of one manager; an identifier of the offer protocol."""
    driver: str
    """Name of the driver."""
    url: str
    """Where the service is; never with a password."""
    parameters: Mapping[str, object] = field(default_factory=lambda: NO_VALUES, repr=False)
    """Values as the user gave them, secrets among them: checked when the offer is opened."""
    retry: RetryPolicy = DEFAULT_RETRY
    """How patient to be."""
    limits: OfferLimits = field(default_factory=OfferLimits)
    """Connections and threads it may take."""
    require_proved: frozenset[str] = frozenset()
    """Guarantees without whose proof nothing is put there; see :mod:`coffre.probe`."""


Wrap = Callable[[Driver, OfferSettings], Driver]
"""Puts a driver around a driver, instead of a pool and limits."""


def unwrapped(driver: Driver, settings: OfferSettings) -> Driver:  # noqa: ARG001 - a Wrap
    """The driver itself: nothing is put around it."""
    return driver


class DriverManager(Mapping[str, Offer]):
    """The open offers, by id. Safe between threads; a context manager that closes them.

    Opening an offer loads its driver, once, and checks its parameters; it does not reach the
    service, which may be away. Offers come and go while others are at work.
    """

    def __init__(
        self,
        settings: Iterable[OfferSettings] = (),
        *,
        drivers: Mapping[str, Driver] | None = None,
        wrap: Wrap | None = None,
        driver_settings: Mapping[str, DriverSettings] = NO_DRIVERS,
        limit: ThreadLimit = GLOBAL_THREADS,
        listener: Listener | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Open offers, each with a pool of connections and limits of threads around its driver.

        Args:
            settings: the offers to begin with.
            drivers: drivers by name, used instead of installed ones: for tests, and for
                applications that make their own.
            wrap: puts something else around the driver of each offer; see :func:`unwrapped`.
            driver_settings: what the offers of one driver share, by its name.
            limit: threads that may be at work at all offers together.
            listener: told of what happens in every pool, besides the log.
            clock: where time comes from.

        Raises:
            CoffreError: as :meth:`add` says; none of the offers is open then.
        """
        self._wrap = wrap
        self._clock = clock
        self._pooling = Pooling(driver_settings, limit, listener=telling(listener), clock=clock)
        self._lock = threading.Lock()  # guards the three below
        self._drivers: dict[str, Driver] = dict(drivers or {})
        self._offers: dict[str, Offer] = {}
        self._fitted: dict[str, Fitted] = {}
        for each in settings:
            self.add(each)

    # --- coming and going ------------------------------------------------------------------

    def add(self, settings: OfferSettings) -> Offer:
        """Open an offer.

        Raises:
            OfferExistsError: one of that id is open; it stays as it is.
            DriverError: the driver cannot be used, or none of that name is installed.
            ParameterError: the driver does not understand the parameters.
            InvalidReferenceError: the id is not an identifier.
        """
        check_name(settings.id, "offer id")
        try:
            offer, fitted = self._made(settings)
        except CoffreError as error:
            error.offer = settings.id  # which of them it is about
            raise
        with self._lock:
            if settings.id not in self._offers:
                self._offers[settings.id] = offer
                if fitted is not None:
                    self._fitted[settings.id] = fitted
                return offer
        offer.close(timeout=0)
        raise OfferExistsError(
            f"an offer {settings.id!r} is open already: choose another id, or remove it first"
        )

    def _made(self, settings: OfferSettings) -> tuple[Offer, Fitted | None]:
        driver = self._driver(settings.driver)
        parameters = ConnectionParameters.checked(
            driver.parameters, url=settings.url, values=settings.parameters
        )
        fitted = None
        if self._wrap is None:
            named = (settings.driver, driver)
            fitted = self._pooling.fit(settings.id, named, parameters, settings.limits)
            wrapped: Driver = fitted.driver
        else:
            wrapped = self._wrap(driver, settings)
        offer = Offer(
            settings.id,
            wrapped,
            parameters,
            retry=settings.retry,
            clock=self._clock,
            require_proved=settings.require_proved,
            on_close=None if fitted is None else fitted.release,
        )
        return offer, fitted

    def _driver(self, name: str) -> Driver:
        """The driver of that name, loaded the first time it is asked for."""
        with self._lock:
            known = self._drivers.get(name)
        if known is not None:
            return known
        loaded = load_driver(name)
        with self._lock:
            return self._drivers.setdefault(name, loaded)

    def remove(self, offer_id: str, *, timeout: float | None = None) -> bool:
        """Close an offer: its open work finishes, new work is refused, its pool is drained.

        Args:
            offer_id: which one.
            timeout: most seconds to wait for open work, for ever when ``None``.

        Returns:
            Whether its work is over.

        Raises:
            OfferNotOpenError: no offer of that id is open.
        """
        with self._lock:
            offer = self._offers.pop(offer_id, None)
            self._fitted.pop(offer_id, None)
        if offer is None:
            raise OfferNotOpenError(f"no offer {offer_id!r} is open")
        # Waiting under the lock would stop everyone else.
        return offer.close(timeout=timeout)

    # --- looking ---------------------------------------------------------------------------

    def __getitem__(self, offer_id: str) -> Offer:
        """The open offer of that id.

        Raises:
            KeyError: there is none.
        """
        return self._offers[offer_id]

    def __iter__(self) -> Iterator[str]:
        """Ids of the offers open now, in the order in which they were added."""
        return iter(self._now())

    def items(self) -> ItemsView[str, Offer]:
        """Ids and offers as they are now: offers that come and go meanwhile change nothing."""
        return self._now().items()

    def values(self) -> ValuesView[Offer]:
        """The offers as they are now."""
        return self._now().values()

    def _now(self) -> dict[str, Offer]:
        with self._lock:
            return dict(self._offers)

    def __len__(self) -> int:
        """Number of offers open now."""
        return len(self._offers)

    def check(self, *, timeout: float = 10.0) -> list[Availability]:
        """Ask every open offer, at the same time, whether it answers.

        Args:
            timeout: most seconds to wait; whoever has not answered by then is not available.
        """
        return ask_all(self.values(), timeout=timeout, clock=self._clock)

    def snapshot(self) -> ManagerSnapshot:
        """Connections and threads of every open offer now, of this process alone."""
        with self._lock:
            fitted = dict(self._fitted)
        return ManagerSnapshot(
            offers=tuple(
                OfferSnapshot(
                    offer=offer,
                    driver=one.driver.name,
                    pool=one.pool.snapshot(),
                    threads=one.limiter.statistics(),
                )
                for offer, one in fitted.items()
            ),
            limits=tuple(self._pooling.limits()),
        )

    def __repr__(self) -> str:
        """The ids."""
        return f"DriverManager({', '.join(self)})"

    # --- closing ---------------------------------------------------------------------------

    def close(self, *, timeout: float = GRACE) -> None:
        """Close every offer; closing twice is harmless.

        Args:
            timeout: most seconds to wait for all open work together. What is still open then
                (a stream that nobody closed) is left behind, and logged.
        """
        with self._lock:
            offers, self._offers = self._offers, {}
            self._fitted.clear()
        deadline = self._clock.monotonic() + timeout
        for offer in offers.values():
            if not offer.close(timeout=max(deadline - self._clock.monotonic(), 0)):
                logger.warning("offer %r was left with work still open", offer.id)
        self._pooling.close()

    def __enter__(self) -> Self:
        """Use the manager; its offers are closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every offer."""
        self.close()
