"""Lies of listings: what is missing, what comes twice, and an end that is none."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from coffre.contract import ListEntry, Listing, ListRequest, ObjectNotFoundError, PutRequest
from coffre.streams import Copied
from tests.liars.honest import HonestConnection
from tests.liars.liar import liar


class Lists(HonestConnection):
    """A session that lists otherwise."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        """Names and sizes, as they are listed."""
        return dict(sorted(self.sizes(request).items()))

    def list(self, request: ListRequest) -> Listing:
        self._begin("list")
        return self.listing(self.entries(request), request.limit)


@liar("list.order")
class ListsAsTheyWereStored(Lists):
    """Entries come in the order in which they were stored."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        return self.sizes(request)


@liar("list.order")
class SortsLikeADictionary(Lists):
    """Upper and lower case are sorted together, as people do."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        return dict(sorted(self.sizes(request).items(), key=lambda item: item[0].lower()))


@liar("list.complete")
class LeavesOutTheLast(Lists):
    """A listing leaves out its last entry, and says that it is complete."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        return dict(list(super().entries(request).items())[:-1])


@liar("list.complete")
class LeavesOutTheEmpty(Lists):
    """Objects of no bytes are not listed."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        return {name: size for name, size in super().entries(request).items() if size}


@liar("list.complete")
class ListsOtherSizes(Lists):
    """The sizes of a listing are those of blocks."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        found = super().entries(request)
        return {name: -(-size // 4096) * 4096 for name, size in found.items()}


@liar("list.complete")
class ListsEveryTenant(Lists):
    """A listing shows the objects of all tenants."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        tenants = {ref.tenant for ref in self._offer.refs()}
        found: dict[str, int] = {}
        for tenant in tenants:
            found |= self.sizes(replace(request, tenant=tenant))
        return dict(sorted(found.items()))


@liar("list.complete")
class ListsTwice(Lists):
    """The first entry of a listing comes twice."""

    def list(self, request: ListRequest) -> Listing:
        found = [ListEntry(identifier=n, size=s) for n, s in self.entries(request).items()]
        return Listing(iter(found[:1] + found), limit=request.limit)


@liar("list.complete")
class ListsWhatFailed(Lists):
    """What could not be stored is listed all the same."""

    def pull(self, request: PutRequest) -> tuple[bytes, Copied]:
        try:
            return super().pull(request)
        except Exception:
            self.driver.notes[request.ref.identifier] = 0
            raise

    def entries(self, request: ListRequest) -> dict[str, int]:
        return dict(sorted({**self.driver.notes, **self.sizes(request)}.items()))


@liar("list.complete")
class SharesOneListing(Lists):
    """Two listings of one container share the place where they are."""

    def list(self, request: ListRequest) -> Listing:
        entries = iter([ListEntry(identifier=n, size=s) for n, s in self.entries(request).items()])
        key = f"{request.tenant}/{request.container}"
        self.driver.notes[key] = entries
        notes = self.driver.notes

        def shared() -> Iterator[ListEntry]:
            while (entry := next(notes[key], None)) is not None:
                yield entry

        return Listing(shared(), limit=request.limit)


@liar("list.fresh")
class ListsWhatItListedBefore(Lists):
    """A session lists again what it has listed before, until it changes something itself."""

    listed: dict[str, int] | None = None

    def entries(self, request: ListRequest) -> dict[str, int]:
        self.listed = self.listed or super().entries(request)
        return dict(self.listed)

    def _begin(self, operation: str) -> None:
        if operation != "list":
            self.listed = None
        super()._begin(operation)


@liar("list.empty")
class KnowsNoSuchContainer(Lists):
    """A container that does not exist cannot be listed."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        found = self._offer.sizes(request.tenant, request.container)
        if not found:
            raise ObjectNotFoundError("no such container")
        return super().entries(request)


@liar("list.after")
class BeginsWithTheOneItIsAfter(Lists):
    """A listing resumed after an object begins with it."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        found = super().entries(replace(request, after=None))
        return {name: size for name, size in found.items() if name >= (request.after or "")}


@liar("list.after")
class BeginsAgainAfterWhatIsGone(Lists):
    """A listing resumed after an object that does not exist begins at the first."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        known = request.after in self._offer.sizes(request.tenant, request.container)
        return super().entries(request if known else replace(request, after=None))


@liar("list.prefix")
class TakesAPrefixForAPattern(Lists):
    """Signs that are no letters mean something in a prefix."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        found = super().entries(replace(request, prefix=""))
        return {
            name: size
            for name, size in found.items()
            if fnmatch.fnmatchcase(name, f"{request.prefix}*")
        }


@liar("list.prefix")
class IgnoresTheCaseOfAPrefix(Lists):
    """A prefix keeps what begins so in either case."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        found = super().entries(replace(request, prefix=""))
        prefix = request.prefix.lower()
        return {name: size for name, size in found.items() if name.lower().startswith(prefix)}


@liar("list.prefix")
class IgnoresThePrefix(Lists):
    """The prefix is not looked at, and the request was not refused."""

    def entries(self, request: ListRequest) -> dict[str, int]:
        return super().entries(replace(request, prefix=""))


@liar("list.limit")
class ClaimsTheEndTooEarly(Lists):
    """A listing that was cut at its limit says that it is complete."""

    def list(self, request: ListRequest) -> Listing:
        return self.listing(dict(islice(self.entries(request).items(), request.limit)))


@liar("list.limit")
class NeverComesToAnEnd(Lists):
    """A listing whose limit is met exactly says that there is more."""

    def list(self, request: ListRequest) -> Listing:
        found = self.entries(request)
        if request.limit == len(found):
            found |= {"~": 0}
        return self.listing(found, request.limit)


@liar("list.limit")
class GivesOneMore(Lists):
    """A listing gives one entry more than its limit."""

    def list(self, request: ListRequest) -> Listing:
        limit = None if request.limit is None else request.limit + 1
        return self.listing(self.entries(request), limit)


@liar("list.steady")
class CountsItsWayThroughAListing(Lists):
    """A listing finds its next entry by number: one that is deleted meanwhile hides another."""

    def list(self, request: ListRequest) -> Listing:
        def entries() -> Iterator[ListEntry]:
            number = 0
            while number < len(found := list(self.entries(request).items())):
                name, size = found[number]
                yield ListEntry(identifier=name, size=size)
                number += 1

        return Listing(entries(), limit=request.limit)
