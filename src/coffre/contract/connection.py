"""Connection: one session with one offer, the second interface a provider implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self, final

from coffre.contract.parameters import ConnectionParameters
from coffre.contract.requests import (
    CapacityRequest,
    DeleteRequest,
    GetRequest,
    ListRequest,
    PutRequest,
    StatRequest,
)
from coffre.contract.results import (
    CapacityResult,
    DeleteResult,
    GetResult,
    Listing,
    PutResult,
    StatResult,
)
from coffre.contract.services import Capability


class Connection(ABC):
    """One open session with one offer, under parameters that never change.

    Implemented by the provider. Used by one thread at a time, not always by the same one: it may
    be lent to one after the other, and closed by a third. Requests arrive validated:
    check only what the offer alone can know. Every method raises only the family
    :class:`~coffre.contract.errors.OfferError`; an offer that cannot be asked is *unavailable*,
    never *object not found*.

    Source: VITAM's storage-driver page, interfaces Driver and Connection.
    """

    capabilities: frozenset[Capability] = frozenset()
    """What this session can do beyond the basic operations; fixed once it is open."""

    def __init__(self, parameters: ConnectionParameters) -> None:
        """Remember the parameters; the session itself is opened by the subclass.

        Args:
            parameters: frozen; no method ever changes them.
        """
        self._parameters = parameters

    @property
    @final
    def parameters(self) -> ConnectionParameters:
        """What the session was opened with. Assigning raises ``AttributeError``.

        Another server or another user means another connection from the same driver.
        """
        return self._parameters

    @abstractmethod
    def put(self, request: PutRequest) -> PutResult:
        """Store one object, whole or not at all.

        The content is opened and read to its end, then published in one step. ``get``
        and ``list`` see the object only after this returns. Putting the same bytes under the
        same reference again succeeds, and says so. When it fails, whatever the reference held
        before is still there, unchanged.

        Returns:
            Size and digest of what the offer now holds, computed from the bytes sent or
            stored: never copied from the request.

        Raises:
            ObjectConflictError: the reference already holds other bytes, and ``replace`` is unset.
            SizeMismatchError: the content did not have the announced size.
            DigestMismatchError: the content did not have the announced digest.
            OfferFullError: no room.
            ForbiddenError: no right to write.
            OfferFailedError: the service failed while storing.
            ConnectionLostError: the session died; see ``effect_unknown``.
            OfferUnavailableError: the offer could not be asked.

        An error raised by the content itself passes through unchanged, and leaves nothing.

        Source: PREMIS 3.0, 1.5.2 fixity, 1.5.3 size; NF Z42-020, deposit.
        """

    @abstractmethod
    def get(self, request: GetRequest) -> GetResult:
        """Open one object for reading.

        Returns:
            The open object. Its stream gives exactly the bytes of the object as it was when
            opened, even when it is replaced or deleted meanwhile, or raises.

        Raises:
            ObjectNotFoundError: the offer answered, and does not hold it.
            InvalidRangeError: the range lies outside the object.
            NotReadyError: held on a slow medium; to be asked for, where the connection declares
                ``ACCESS_REQUESTS``.
            OfferUnavailableError: the offer could not be asked.
        """

    @abstractmethod
    def stat(self, request: StatRequest) -> StatResult:
        """Ask whether an object is there, its size, and what was kept with it.

        Raises:
            ObjectNotFoundError: the offer answered, and does not hold it.
            OfferUnavailableError: the offer could not be asked.
        """

    @abstractmethod
    def delete(self, request: DeleteRequest) -> DeleteResult:
        """Remove one object; removing what is not there succeeds, and says so.

        Raises:
            RetainedError: a retention date or a hold forbids it.
            ForbiddenError: no right to delete.
            OfferUnavailableError: the offer could not be asked.
        """

    @abstractmethod
    def list(self, request: ListRequest) -> Listing:
        """List objects of one container, sorted bytewise by identifier, in bounded memory.

        Every object stored before the call and not deleted during it appears once. A
        container that does not exist is empty.

        Raises:
            OfferUnavailableError: the offer could not be asked, now or while reading on.
        """

    @abstractmethod
    def capacity(self, request: CapacityRequest) -> CapacityResult:
        """Tell the room left, as far as the service knows.

        Raises:
            OfferUnavailableError: the offer could not be asked.
        """

    @abstractmethod
    def close(self) -> None:
        """End the session; closing twice is harmless, and closing never raises."""

    @final
    def __enter__(self) -> Self:
        """Use the connection; it is closed on leaving."""
        return self

    @final
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection, whatever happened."""
        self.close()
