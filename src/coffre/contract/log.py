"""The offer log: what an offer stored and deleted, numbered, in order. Since contract 1.1.

Another offer is brought level by reading on from the last number seen; a lost ledger is rebuilt
from it. Numbers grow over the whole offer, so that those of one container have gaps.

Source: offer protocol, 8.4 and 9.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from coffre.contract.errors import InvalidRequestError
from coffre.contract.identity import ObjectRef, check_name, check_tenant

MOST_ENTRIES = 10_000
"""Most entries of one page."""


class LogAction(StrEnum):
    """What was done to an object."""

    WRITE = "write"
    """It was stored, replaced, or stored again with the same bytes."""
    DELETE = "delete"
    """It was deleted, or asked to be while it was not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRequest:
    """One page of the log of one container; needs :attr:`Capability.OFFER_LOG`."""

    tenant: int
    container: str
    start: int | None = None
    """Number of the first entry wanted, itself included, which need not exist: the log is read on
    from the last number seen plus one. From its end (or beginning) when ``None``."""
    newest_first: bool = False
    """From ``start`` backwards, numbers going down."""
    limit: int = 1000
    """At most this many, from 1 to :data:`MOST_ENTRIES`. A shorter page is the last, for now."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a place or a page.

        Raises:
            InvalidReferenceError: the tenant or the container is not allowed.
            InvalidRequestError: a limit out of range, or a negative number.
        """
        check_tenant(self.tenant)
        check_name(self.container, "container")
        if not 1 <= self.limit <= MOST_ENTRIES:
            raise InvalidRequestError(f"a page has from 1 to {MOST_ENTRIES} entries")
        if self.start is not None and self.start < 0:
            raise InvalidRequestError("entries of a log are numbered from 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One thing that the offer did."""

    number: int
    """From 1; greater than that of everything the offer did before, never used again."""
    ref: ObjectRef
    action: LogAction
    logged_at: datetime
    """When, UTC, by the offer's own clock: for a person, never to order entries by."""


class SupportsOfferLog(Protocol):
    """Service of :attr:`Capability.OFFER_LOG`."""

    def log(self, request: LogRequest) -> Sequence[LogEntry]:
        """Read one page of the log.

        Every put and deletion that was acknowledged has an entry by then. A reader who has seen
        a number never finds a smaller one later that was not there: number and visibility are
        one step. An entry may say more than once what was done once, after a lost answer.

        Returns:
            Entries in order of their numbers, at most ``limit``; none of a container that does
            not exist.

        Raises:
            OfferUnavailableError: the offer could not be asked.
        """
        ...
