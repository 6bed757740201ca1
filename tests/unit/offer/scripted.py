"""A driver over a memory offer that fails, or answers wrongly, where a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from coffre.contract import (
    BulkPutRequest,
    Capability,
    CoffreError,
    ConnectionParameters,
    ContainerEntry,
    ContainersRequest,
    DeleteRequest,
    DeleteResult,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    PutRequest,
    PutResult,
    QuarantineRequest,
    QuarantineResult,
    StatRequest,
    StatResult,
    SweepRequest,
    SweepResult,
)
from coffre.testing import MemoryConnection, MemoryDriver, MemoryOffer

T = TypeVar("T")

_numbers = count()


@dataclass
class Fault:
    """What goes wrong with one call."""

    operation: str
    error: Callable[[], BaseException] | None = None
    after: bool = False
    """The effect takes place, and only the answer is lost."""
    answer: Callable[[Any], Any] | None = None
    """Makes another answer out of the right one."""


@dataclass
class Script:
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    open: int = 0

    def fail(
        self,
        operation: str,
        error: Callable[[], BaseException],
        *,
        after: bool = False,
        times: int = 1,
    ) -> None:
        self.faults += [Fault(operation, error, after)] * times

    def answer(self, operation: str, change: Callable[[Any], Any]) -> None:
        self.faults.append(Fault(operation, answer=change))

    def run(self, operation: str, call: Callable[[], T]) -> T:
        self.calls.append(operation)
        fault = next((each for each in self.faults if each.operation == operation), None)
        if fault is None:
            return call()
        self.faults.remove(fault)
        if fault.error is not None and not fault.after:
            raise fault.error()
        result = call()
        if fault.error is not None:
            raise fault.error()
        changed: T = result if fault.answer is None else fault.answer(result)
        return changed


class ScriptedDriver(MemoryDriver):
    def __init__(self, capabilities: frozenset[Capability] | None = None) -> None:
        self.script = Script()
        self.memory = MemoryOffer.at(f"memory://scripted-{next(_numbers)}")
        if capabilities is not None:
            self.capabilities = capabilities

    @property
    def where(self) -> ConnectionParameters:
        return ConnectionParameters(url=self.memory.url)

    def connect(self, parameters: ConnectionParameters) -> ScriptedConnection:
        def opened() -> ScriptedConnection:
            return ScriptedConnection(parameters, self)

        connection = self.script.run("connect", opened)
        self.script.open += 1
        return connection

    def is_available(self, parameters: ConnectionParameters) -> bool:
        return self.script.run("is_available", lambda: True)


class ScriptedConnection(MemoryConnection):
    def __init__(self, parameters: ConnectionParameters, driver: ScriptedDriver) -> None:
        super().__init__(parameters, driver.memory)
        self.capabilities = driver.capabilities
        self._script = driver.script
        self._is_open = True

    def put(self, request: PutRequest) -> PutResult:
        return self._script.run("put", lambda: MemoryConnection.put(self, request))

    def get(self, request: GetRequest) -> GetResult:
        return self._script.run("get", lambda: MemoryConnection.get(self, request))

    def stat(self, request: StatRequest) -> StatResult:
        return self._script.run("stat", lambda: MemoryConnection.stat(self, request))

    def delete(self, request: DeleteRequest) -> DeleteResult:
        return self._script.run("delete", lambda: MemoryConnection.delete(self, request))

    def list(self, request: ListRequest) -> Listing:
        return self._script.run("list", lambda: MemoryConnection.list(self, request))

    def bulk_put(self, request: BulkPutRequest) -> Sequence[PutResult | CoffreError]:
        return self._script.run("bulk_put", lambda: MemoryConnection.bulk_put(self, request))

    def containers(self, request: ContainersRequest) -> Iterator[ContainerEntry]:
        return self._script.run("containers", lambda: MemoryConnection.containers(self, request))

    def quarantine(self, request: QuarantineRequest) -> QuarantineResult:
        return self._script.run("quarantine", lambda: MemoryConnection.quarantine(self, request))

    def sweep(self, request: SweepRequest) -> SweepResult:
        return self._script.run("sweep", lambda: MemoryConnection.sweep(self, request))

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._script.open -= 1
            super().close()
            self._script.run("close", lambda: None)
