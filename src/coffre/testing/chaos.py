"""A driver that misbehaves on purpose, around any other driver.

Faults fire by a script: rules count calls, chances draw under a seed. With the same script,
the same seed and the same calls, the same faults fire at the same places. What fired is in
:attr:`ChaosDriver.fired`. Without a script it changes nothing.

Capabilities, parameters and every optional service of the driver inside pass through, those
of contracts yet to come included: what this module does not know, it forwards.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, cast

from coffre.contract import (
    SYSTEM_CLOCK,
    CapacityRequest,
    CapacityResult,
    Clock,
    Connection,
    ConnectionLostError,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    Driver,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    ObjectRef,
    OfferError,
    PutRequest,
    PutResult,
    StatRequest,
    StatResult,
)
from coffre.testing.faults import Fault, Moment, Step
from coffre.testing.past import Past
from coffre.testing.script import Chance, Rule

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Fired:
    """One fault that fired."""

    operation: str
    count: int
    """Which call it was, of those that matched its rule, from 1."""
    ref: ObjectRef | None
    fault: Fault

    def __str__(self) -> str:
        """``put 2 0/object/charter: LostWrite()``."""
        about = "" if self.ref is None else f" {self.ref}"
        return f"{self.operation} {self.count}{about}: {self.fault!r}"


class ChaosDriver(Driver):
    """A driver around another, in whose operations faults fire."""

    def __init__(
        self,
        driver: Driver,
        script: Iterable[Rule | Chance] = (),
        *,
        seed: int = 0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Wrap a driver.

        Args:
            driver: the driver that does the work.
            script: when which fault fires. Of several at one call, the first is the outermost.
            seed: of the chances, and of positions that faults leave open.
            clock: on which latency passes.
        """
        self._inner = driver
        self.name = driver.name
        self.version = driver.version
        self.contract = driver.contract
        self.parameters = driver.parameters
        self.capabilities = driver.capabilities
        self.fired: list[Fired] = []
        """Every fault that fired, in order."""
        self._seed = seed
        self._clock = clock
        self._past = Past()
        self._lock = threading.Lock()  # guards the script, its counts and what fired
        self._script: list[Rule | Chance] = list(script)
        self._counts = [0] * len(self._script)

    def inject(self, operation: str, fault: Fault, *, nth: int = 1, times: int | None = 1) -> None:
        """Have a fault fire at the next calls of an operation, from the ``nth`` on."""
        with self._lock:
            self._script.append(Rule(operation, fault, nth=nth, times=times))
            self._counts.append(0)

    def calm(self) -> None:
        """No more faults from now on."""
        with self._lock:
            self._script.clear()
            self._counts.clear()

    def connect(self, parameters: ConnectionParameters) -> ChaosConnection:
        """Open a session of the driver inside."""
        inner = self.around("connect", self._inner.connect, parameters)
        return ChaosConnection(self, inner)

    def is_available(self, parameters: ConnectionParameters) -> bool:
        """What the driver inside says; false when a fault is an error, since this never raises."""
        try:
            return self.around("is_available", self._inner.is_available, parameters)
        except OfferError:
            return False

    def around(self, operation: str, call: Callable[[Request], Result], request: Request) -> Result:
        """Do one operation, with whatever faults fire at it."""
        ref = getattr(request, "ref", None)

        def effect(request: object) -> object:
            result = cast(Step, call)(request)
            self._past.note(request, result)
            return result

        step: Step = effect
        for fault, chance in reversed(self._due(operation, ref)):
            moment = Moment(
                operation=operation, ref=ref, chance=chance, clock=self._clock, past=self._past
            )
            step = partial(fault.around, step, moment=moment)
        return cast(Result, step(request))

    def _due(self, operation: str, ref: ObjectRef | None) -> list[tuple[Fault, random.Random]]:
        due = []
        with self._lock:
            for index, entry in enumerate(self._script):
                if not entry.matches(operation, ref):
                    continue
                self._counts[index] += 1
                count = self._counts[index]
                # One generator for each entry and call: what others draw changes nothing.
                chance = random.Random(f"{self._seed}/{index}/{count}")
                if entry.fires(count, chance):
                    self.fired.append(Fired(operation, count, ref, entry.fault))
                    due.append((entry.fault, chance))
        return due

    def __getattr__(self, name: str) -> object:
        """Whatever else the driver inside has."""
        if name.startswith("_"):  # not there yet, or never: asking inside would go round
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __repr__(self) -> str:
        """What is wrapped, and what happened."""
        return f"ChaosDriver({self._inner.name}, fired={[str(one) for one in self.fired]})"


class ChaosConnection(Connection):
    """A session around another, in whose operations faults fire.

    A lost session stays lost: after a ``ConnectionLostError`` every operation raises one.
    """

    def __init__(self, driver: ChaosDriver, inner: Connection) -> None:
        """Wrap a session."""
        super().__init__(inner.parameters)
        self.capabilities = inner.capabilities
        self._driver = driver
        self._inner = inner
        self._lost = False

    def put(self, request: PutRequest) -> PutResult:
        """Put, with faults."""
        return self._around("put", self._inner.put, request)

    def get(self, request: GetRequest) -> GetResult:
        """Get, with faults."""
        return self._around("get", self._inner.get, request)

    def stat(self, request: StatRequest) -> StatResult:
        """Stat, with faults."""
        return self._around("stat", self._inner.stat, request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Delete, with faults."""
        return self._around("delete", self._inner.delete, request)

    def list(self, request: ListRequest) -> Listing:
        """List, with faults."""
        return self._around("list", self._inner.list, request)

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Capacity, with faults."""
        return self._around("capacity", self._inner.capacity, request)

    def close(self) -> None:
        """End the session inside."""
        self._inner.close()

    def _around(
        self, operation: str, call: Callable[[Request], Result], request: Request
    ) -> Result:
        if self._lost:
            raise ConnectionLostError("chaos: this session was lost", effect_unknown=False)
        try:
            return self._driver.around(operation, call, request)
        except ConnectionLostError:
            self._lost = True
            raise

    def __getattr__(self, name: str) -> object:
        """Whatever else the session inside has: services with faults, anything else as it is."""
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._inner, name)
        return self._service(name, found) if callable(found) else found

    def _service(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def service(*given: object, **named: object) -> object:
            if not given:
                return self._around(name, lambda _: call(**named), None)
            return self._around(name, lambda first: call(first, *given[1:], **named), given[0])

        return service
