"""A driver that counts its connections: what a pool promises, seen from below."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from coffre.contract import (
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    Driver,
    OfferUnavailableError,
)
from coffre.pool import WrappingDriver
from coffre.pool.wrapping import StandIn

P = ParamSpec("P")
R = TypeVar("R")


class Watched(WrappingDriver):
    """Around a driver, below its pool."""

    def __init__(self, driver: Driver) -> None:
        """Nothing is open."""
        super().__init__(driver)
        self.lock = threading.Lock()  # guards the counts
        self.open = 0
        self.most_open = 0
        self.asked = 0
        """Times that a connection was asked for, successfully or not."""
        self.shared = 0
        """Times that two threads were found in one connection."""
        self.down = False
        """Whether it refuses to open any."""
        self.going = threading.Event()
        """While clear, every operation hangs."""
        self.going.set()
        self.hanging = 0

    def connect(self, parameters: ConnectionParameters) -> Connection:
        with self.lock:
            self.asked += 1
        if self.down:
            raise OfferUnavailableError("switched off")
        inner = self.inside.connect(parameters)
        with self.lock:
            self.open += 1
            self.most_open = max(self.open, self.most_open)
        return WatchedConnection(self, inner)


class WatchedConnection(StandIn):
    """Counts itself."""

    def __init__(self, driver: Watched, inner: Connection) -> None:
        self._driver = driver
        self._inner = inner
        self._busy = threading.Lock()
        super().__init__(inner.parameters, inner)

    @property
    def inside(self) -> Connection:
        return self._inner

    def watched(self, call: Callable[P, R], /, *given: P.args, **named: P.kwargs) -> R:
        driver = self._driver
        if not self._busy.acquire(blocking=False):
            driver.shared += 1
        try:
            if not driver.going.is_set():
                with driver.lock:
                    driver.hanging += 1
                driver.going.wait()
                with driver.lock:
                    driver.hanging -= 1
            if driver.down:
                raise ConnectionLostError("switched off", effect_unknown=False)
            return super().watched(call, *given, **named)
        finally:
            if self._busy.locked():
                self._busy.release()

    def failed(self, error: BaseException) -> None:
        pass

    def ended(self) -> None:
        self._inner.close()
        with self._driver.lock:
            self._driver.open -= 1
