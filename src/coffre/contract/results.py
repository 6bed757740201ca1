"""Results: one frozen value for each operation; each says on whose word it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from coffre.contract.content import ByteStream
from coffre.contract.digest import Digest
from coffre.contract.errors import OfferFailedError
from coffre.contract.evidence import Evidence
from coffre.contract.requests import NO_METADATA


@dataclass(frozen=True, slots=True, kw_only=True)
class PutResult:
    """What the offer now holds."""

    size: int
    """Length of the object, in bytes."""
    digest: Digest
    """Computed from the bytes sent or stored: never copied from the request."""
    evidence: Evidence
    """On whose word ``digest`` stands."""
    already_there: bool = False
    """The same bytes were there before; nothing was written."""
    durable: bool = True
    """The bytes and their name survive a power cut as of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetResult:
    """An open object. Close it, or use it as a context manager: it holds the connection."""

    stream: ByteStream
    """The bytes asked for; raises an :class:`~coffre.contract.errors.OfferError` if cut short."""
    size: int
    """Length of the whole object, in bytes, whatever range was asked for."""
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    """Names and values given at the put; may be left out unless the request says ``describe``."""
    recorded: Digest | None = None
    """Expected digest kept beside the object at its put: nobody looked at the bytes for it.
    May be left out unless the request says ``describe``."""

    def __enter__(self) -> Self:
        """Use the result; the stream is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the stream."""
        self.stream.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatResult:
    """What the offer says of an object it holds."""

    size: int
    """Length, in bytes."""
    evidence: Evidence
    """``PRESENT`` when size and existence were asked, ``REPORTED`` when ``digest`` was computed."""
    digest: Digest | None = None
    """Computed by the offer, now, over the whole object; only when it was asked for."""
    recorded: Digest | None = None
    """Expected digest kept beside the object at its put: nobody looked at the bytes for it."""
    recorded_size: int | None = None
    """Length kept beside the object at its put, in bytes; ``size`` is what is there now."""
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    """Names and values given at the put."""
    stored_at: datetime | None = None
    """When the offer finished storing it, UTC, as far as it knows."""
    retain_until: datetime | None = None
    """Since 1.1. Before this moment, UTC, the offer refuses to delete it; told by drivers that
    declare ``RETENTION``, as far as the service tells."""
    holds: frozenset[str] = frozenset()
    """Since 1.1. Ids of the holds that it is under; told by drivers that declare ``LEGAL_HOLD``."""
    ready: bool | None = None
    """Since 1.1. Whether ``get`` would give its bytes now; false on a slow medium, where they have
    to be asked for. ``None`` when the driver does not tell: told by drivers that declare
    ``ACCESS_REQUESTS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """Whether there was anything to delete; the object is absent now in either case."""

    existed: bool | None
    """``None`` only from a bulk delete (since 1.1) of a service that does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """One object of a listing."""

    identifier: str
    size: int
    """Length, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityResult:
    """Room, in bytes; ``None`` for what the service cannot tell."""

    total: int | None = None
    used: int | None = None
    free: int | None = None
    """What a put can still use, with the rights of this connection."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ContainerEntry:
    """One container that an offer holds."""

    tenant: int
    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineResult:
    """Where the bad bytes are now."""

    place: str
    """Path or key, in the offer's own terms, for a person."""
    size: int
    """Length of what was set aside, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """What a sweep did."""

    removed: int
    """Leftovers removed."""
    kept: int = 0
    """Leftovers left alone: too young, or still being written."""
    freed: int = 0
    """Bytes given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareResult:
    """A place that is an offer now."""

    place: str
    """Path or address, in the service's own terms, for a person."""
    made: bool
    """False when it was an offer already, and nothing changed."""


class Listing(Iterator[ListEntry]):
    """Entries in order, read as they come; says at the end whether it is complete.

    Holds its connection until closed. An offer that fails half-way raises; it never just ends.
    """

    def __init__(
        self,
        entries: Iterator[ListEntry],
        *,
        limit: int | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        """Wrap the driver's iterator.

        Args:
            entries: what the driver yields, sorted, without the limit applied.
            limit: at most this many entries.
            close: called once when the listing is closed.
        """
        self._entries = entries
        self._left = limit
        self._close = close
        self._ended = False
        self._failed = False
        self.complete = False
        """True once every entry has been given: known only at the end."""

    def __next__(self) -> ListEntry:
        """The next entry.

        Raises:
            OfferError: the offer failed; the listing is not complete.
        """
        if self._failed:
            # The iterator is at its end now; that must not be taken for a good end.
            raise OfferFailedError("the listing failed before; it is not complete")
        if self._ended:
            raise StopIteration
        entry = self._read_on()
        if entry is None or self._left == 0:
            # One entry more is asked for, so that a limit met exactly is still "complete".
            self._ended = True
            self.complete = entry is None
            raise StopIteration
        if self._left is not None:
            self._left -= 1
        return entry

    def _read_on(self) -> ListEntry | None:
        try:
            return next(self._entries, None)
        except BaseException:
            self._failed = True
            raise

    def close(self) -> None:
        """Release what the listing holds; closing twice is harmless."""
        close, self._close = self._close, None
        if close is not None:
            close()

    def __enter__(self) -> Self:
        """Use the listing; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the listing."""
        self.close()
