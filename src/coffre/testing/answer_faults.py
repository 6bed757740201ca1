"""Faults of answers: the offer holds the right thing, and says another.

Each is a way in which services have been seen to lie; none of them changes what is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from coffre.contract import (
    ConnectionLostError,
    DeleteResult,
    Digest,
    Evidence,
    GetResult,
    ListEntry,
    Listing,
    ListRequest,
    ObjectNotFoundError,
    OfferError,
    OfferUnavailableError,
    PutResult,
    StatRequest,
    StatResult,
)
from coffre.testing.faults import Fault, Moment, Step, release


@dataclass(frozen=True, slots=True)
class LyingDigest(Fault):
    """The digest told is not that of the bytes."""

    operations = frozenset({"put", "stat"})

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Proceed, and turn a bit of the digest."""
        result = proceed(request)
        if isinstance(result, PutResult | StatResult) and result.digest is not None:
            true = result.digest
            false = Digest(true.algorithm, bytes([true.value[0] ^ 1]) + true.value[1:])
            return replace(result, digest=false)
        return result


@dataclass(frozen=True, slots=True)
class ParrotDigest(Fault):
    """Asked to digest what it holds, the offer repeats the digest recorded at the put."""

    operations = frozenset({"stat"})

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Ask without a digest, and pass the recorded one off as computed."""
        if not isinstance(request, StatRequest) or request.digest is None:
            return proceed(request)
        result = proceed(replace(request, digest=None))
        if not isinstance(result, StatResult) or result.recorded is None:
            return proceed(request)
        return replace(result, digest=result.recorded, evidence=Evidence.REPORTED)


@dataclass(frozen=True, slots=True)
class WrongSize(Fault):
    """The size told is not that of the bytes."""

    operations = frozenset({"put", "stat", "get"})
    by: int = 1
    """Bytes too many; negative for too few."""

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Proceed, and alter the size."""
        result = proceed(request)
        if isinstance(result, PutResult | StatResult | GetResult):
            return replace(result, size=max(result.size + self.by, 0))
        return result


@dataclass(frozen=True, slots=True)
class FalselyAbsent(Fault):
    """Said not to be there, and it is; a listing of such an offer is empty, and complete."""

    operations = frozenset({"get", "stat", "list", "delete"})

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Answer *absent* without asking the offer."""
        if moment.operation == "list":
            return Listing(iter(()))
        if moment.operation == "delete":
            return DeleteResult(existed=False)
        raise ObjectNotFoundError("chaos: said to be absent", ref=moment.ref)


@dataclass(frozen=True, slots=True)
class AbsentForUnreachable(FalselyAbsent):
    """A driver that cannot reach its offer, and says *absent* instead of *unknown*."""

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Proceed; when the offer cannot be asked, lie."""
        try:
            return proceed(request)
        except OfferUnavailableError:
            return FalselyAbsent.around(self, proceed, request, moment)


@dataclass(frozen=True, slots=True)
class StaleListing(Fault):
    """A listing that does not show the last changes made through this driver."""

    operations = frozenset({"list"})
    behind: int = 1
    """Changes of the container that are not shown."""

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """List, and undo the last changes in what is shown."""
        if not isinstance(request, ListRequest):
            raise TypeError(f"{self!r} needs a listing, not {moment.operation}")
        listing = proceed(replace(request, limit=None))
        if not isinstance(listing, Listing):
            raise TypeError("a list returns a Listing")
        with listing:
            sizes: dict[str, int | None] = {entry.identifier: entry.size for entry in listing}
        old = moment.past.before(request.tenant, request.container, self.behind)
        sizes |= {name: size for name, size in old.items() if _asked(request, name)}
        entries = (
            ListEntry(identifier=name, size=size)
            for name, size in sorted(sizes.items())
            if size is not None
        )
        return Listing(entries, limit=request.limit)


def _asked(request: ListRequest, name: str) -> bool:
    return name.startswith(request.prefix) and (request.after is None or name > request.after)


@dataclass(frozen=True, slots=True)
class IncompleteListing(Fault):
    """A listing that ends early, and says that it is complete."""

    operations = frozenset({"list"})
    keep: int = 0
    """Entries still given."""

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Proceed, and cut."""
        listing = proceed(request)
        if not isinstance(listing, Listing):
            raise TypeError(f"{self!r} needs a listing, not {moment.operation}")
        return Listing(islice(listing, self.keep), close=listing.close)


@dataclass(frozen=True, slots=True)
class BrokenListing(Fault):
    """A listing that raises half-way."""

    operations = frozenset({"list"})
    after: int = 0
    """Entries given before."""
    kind: type[OfferError] = ConnectionLostError
    message: str = "chaos: the listing broke off"

    def around(self, proceed: Step, request: object, moment: Moment) -> object:
        """Proceed, and break off."""
        listing = proceed(request)
        if not isinstance(listing, Listing):
            release(listing)
            raise TypeError(f"{self!r} needs a listing, not {moment.operation}")
        return Listing(self._broken(listing), close=listing.close)

    def _broken(self, listing: Listing) -> Iterator[ListEntry]:
        yield from islice(listing, self.after)
        raise self.kind(self.message)
