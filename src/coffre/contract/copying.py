"""Copies inside one offer: the bytes do not pass through us. Since contract 1.1.

What was not looked at is not claimed: a service that only says *done* gives a result without a
digest, and whoever needs more reads the new object, or has the offer digest it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from coffre.contract.digest import Digest
from coffre.contract.errors import InvalidRequestError
from coffre.contract.evidence import Evidence
from coffre.contract.identity import ObjectRef
from coffre.contract.services import Capability


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCopyRequest:
    """One object to copy inside its offer; needs :attr:`Capability.SERVER_COPY`."""

    source: ObjectRef
    """The object that is there; it stays as it is."""
    ref: ObjectRef
    """Where its bytes, its metadata and its recorded digest are to be as well. A retention date
    and holds are the source's own, and are not copied."""
    replace: bool = field(default=False, metadata={"needs": Capability.REPLACE})
    """Replace an object that holds other bytes, atomically; otherwise that is a conflict."""

    def __post_init__(self) -> None:
        """Refuse the copy of an object onto itself.

        Raises:
            InvalidRequestError: both references are the same.
        """
        if self.source == self.ref:
            raise InvalidRequestError("an object is not copied onto itself", ref=self.ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCopyResult:
    """What the offer now holds under the new reference."""

    size: int
    """Length of the new object, in bytes."""
    evidence: Evidence
    """``DECLARED`` when the service only said that it is done, ``PRESENT`` when existence and size
    of the new object were asked, ``REPORTED`` when ``digest`` was computed over its bytes."""
    digest: Digest | None = None
    """Computed by the offer over the new object; never that of the source, repeated."""
    already_there: bool = False
    """The same bytes were there before; nothing was written."""
    durable: bool = True
    """The bytes and their name survive a power cut as of now."""


class SupportsServerCopy(Protocol):
    """Service of :attr:`Capability.SERVER_COPY`."""

    def server_copy(self, request: ServerCopyRequest) -> ServerCopyResult:
        """Copy one object inside the offer, whole or not at all, as a put publishes one.

        Of several writers of the new reference exactly one wins, where the connection declares
        ``CREATE_ONLY``. Copying the same bytes again succeeds, and says so.

        Raises:
            ObjectNotFoundError: the source holds nothing; the error's ``ref`` is the source.
            ObjectConflictError: the new reference holds other bytes, and ``replace`` is unset.
            RetainedError: they may not be replaced.
            NotReadyError: the source is on a slow medium.
            OfferFullError: no room.
            ConnectionLostError: the session died; see ``effect_unknown``.
            OfferUnavailableError: the offer could not be asked.
        """
        ...
