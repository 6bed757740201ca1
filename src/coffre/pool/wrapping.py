"""Connections and streams that stand for others, and end what they hold when the last is closed.

A ``get`` result's stream and a listing outlive the call: whatever is held for a connection (a
lease, a permit) is held until the connection *and* all of them are closed.

Services added to the contract later pass through without a change here: an attribute that this
module does not know is the inside's, watched like the rest.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import ParamSpec, Protocol, TypeVar

from coffre.contract import (
    CapacityRequest,
    CapacityResult,
    Connection,
    ConnectionParameters,
    DeleteRequest,
    DeleteResult,
    GetRequest,
    GetResult,
    Listing,
    ListRequest,
    PutRequest,
    PutResult,
    StatRequest,
    StatResult,
)
from coffre.pool.errors import LeaseReturnedError
from coffre.pool.kept import KeptIterator, KeptListing, kept_stream

P = ParamSpec("P")
R = TypeVar("R")


class Closable(Protocol):
    """Something that is held until it is closed."""

    def close(self) -> None:
        """Let it go."""
        ...


class StandIn(Connection):
    """A connection around another, which counts what was reached through it and is still open."""

    _ends: Sequence[Closable] = ()

    def __init__(self, parameters: ConnectionParameters, inside: Connection) -> None:
        """Stand for an open connection, whose capabilities are declared unchanged."""
        super().__init__(parameters)
        self.capabilities = inside.capabilities
        self._open = 1
        self._closed = False

    def then(self, *ends: Closable) -> None:
        """Have these closed, the last first, once nothing is open any more.

        So that what is around this one need not stand in front of it: every call would pay for it.
        """
        self._ends = (*ends, *self._ends) if self._ends else ends

    @property
    @abstractmethod
    def inside(self) -> Connection:
        """The connection that does the work.

        Raises:
            PoolError: it must not be used any more.
        """

    @abstractmethod
    def failed(self, error: BaseException) -> None:
        """Something raised: decide what that means for the session."""

    @abstractmethod
    def ended(self) -> None:
        """Nothing is open any more."""

    def released(self) -> None:
        """One of the things that were open is closed."""
        self._open -= 1
        if self._open == 0:
            try:
                self.ended()
            finally:
                for end in reversed(self._ends):
                    end.close()

    def dropped(self) -> None:
        """One of the things that were open was collected. Of a finaliser: takes no lock."""
        self._open -= 1
        if self._open == 0:
            self.left()
            self._ends = ()  # each of them sees to itself as it is collected

    def left(self) -> None:
        """Nothing is open any more, as a finaliser says: take no lock."""
        self.ended()

    # --- calls -------------------------------------------------------------------------------

    def watched(self, call: Callable[P, R], /, *given: P.args, **named: P.kwargs) -> R:
        """Call the inside, and have a look at what it raises."""
        try:
            return call(*given, **named)
        except StopIteration:
            raise
        except BaseException as error:
            self.failed(error)
            raise

    def kept(self, result: R) -> R:
        """What is still open of a result keeps the connection."""
        if isinstance(result, GetResult):
            self._open += 1
            return replace(result, stream=kept_stream(result.stream, self))
        if isinstance(result, Listing):
            self._open += 1
            return KeptListing(result, self)  # type: ignore[return-value]
        if isinstance(result, Iterator):
            self._open += 1
            return KeptIterator(result, self)  # type: ignore[return-value]
        return result

    def _ask(self) -> Connection:
        if self._closed:
            raise LeaseReturnedError("this connection was closed: open another")
        return self.inside

    def put(self, request: PutRequest) -> PutResult:
        """Put."""
        return self.watched(self._ask().put, request)

    def get(self, request: GetRequest) -> GetResult:
        """Get; the stream keeps the connection until it is closed."""
        return self.kept(self.watched(self._ask().get, request))

    def stat(self, request: StatRequest) -> StatResult:
        """Stat."""
        return self.watched(self._ask().stat, request)

    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Delete."""
        return self.watched(self._ask().delete, request)

    def list(self, request: ListRequest) -> Listing:
        """List; the listing keeps the connection until it is closed."""
        return self.kept(self.watched(self._ask().list, request))

    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Capacity."""
        return self.watched(self._ask().capacity, request)

    def close(self) -> None:
        """The connection is not needed any more; what is still open of it is, until closed."""
        if not self._closed:
            self._closed = True
            self.released()

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    def __getattr__(self, name: str) -> object:
        """Whatever else the inside has: services are watched, anything else is as it is."""
        if name.startswith("_"):  # not there yet, or never: asking inside would go round
            raise AttributeError(name)
        found: object = getattr(self.inside, name)
        if not callable(found):
            return found

        def service(*given: object, **named: object) -> object:
            # Asked again: the connection may have been given back since.
            call: Callable[..., object] = getattr(self._ask(), name)
            return self.kept(self.watched(call, *given, **named))

        return service
