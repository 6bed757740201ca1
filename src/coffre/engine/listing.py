"""Listings of offers held beside the ledger: two sorted walks, in constant memory."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile

from coffre.contract import (
    Capability,
    ContainersRequest,
    InvalidReferenceError,
    ListEntry,
    ListRequest,
    ObjectRef,
    OfferError,
)
from coffre.engine.context import Context
from coffre.engine.findings import Finding, FindingCode
from coffre.engine.ledger import CopyState, ObjectRecord, ObjectState
from coffre.offer import Offer

Place = tuple[int, str]
"""Tenant and container."""

IN_MEMORY = 1024 * 1024
"""Bytes of names up to which no file is made for them."""

_GONE = (CopyState.DELETED, CopyState.REPLACED)


def unrecorded(
    context: Context, offers: Collection[str], tenant: int | None, container: str | None
) -> Iterator[Finding]:
    """Objects that an offer holds and the ledger does not know to be there.

    An offer that cannot be listed is told as such: nothing is concluded about it.
    """
    for name in offers:
        offer = context.offers.get(name)
        if offer is None:
            continue
        try:
            for place in places(context, offer):
                if tenant in (None, place[0]) and container in (None, place[1]):
                    yield from _compare(context, offer, place)
        except OfferError as error:
            yield Finding(ref=None, offer=name, code=FindingCode.UNLISTED, detail=str(error))


def places(context: Context, offer: Offer) -> list[Place]:
    """Containers to look into: as the offer tells them, else those that the ledger knows.

    Raises:
        OfferError: the offer could not be asked.
    """
    if Capability.CONTAINERS in offer.capabilities:
        found = offer.containers(ContainersRequest())
        return sorted({(entry.tenant, entry.container) for entry in found})
    return context.ledger.places()


@contextmanager
def listed_aside(offer: Offer, place: Place, directory: str | None) -> Iterator[Iterator[str]]:
    """Names of everything in one container, read to the end before the first is given.

    The listing keeps a connection: who asks the offer about each of them would need a second
    one, and the offer may allow one only. Names are kept on disk when there are many.

    Args:
        offer: whom to ask.
        place: the container.
        directory: where the names go; the system's temporary place when ``None``.

    Raises:
        OfferError: it could not be listed to its end.
    """
    with SpooledTemporaryFile(IN_MEMORY, "w+", encoding="ascii", dir=directory) as aside:
        with offer.list(ListRequest(tenant=place[0], container=place[1])) as listing:
            aside.writelines(f"{json.dumps(entry.identifier)}\n" for entry in listing)
        aside.seek(0)
        yield (str(json.loads(line)) for line in aside)


def reference(place: Place, identifier: str) -> ObjectRef | None:
    """The reference of a listed object; ``None`` for a name that cannot be one."""
    try:
        return ObjectRef(tenant=place[0], container=place[1], identifier=identifier)
    except InvalidReferenceError:
        return None


def _compare(context: Context, offer: Offer, place: Place) -> Iterator[Finding]:
    tenant, container = place
    names = context.ledger.names_on(offer.id, tenant, container)
    known = next(names, None)
    with offer.list(ListRequest(tenant=tenant, container=container)) as listing:
        for entry in listing:
            identifier = entry.identifier
            while known is not None and known < identifier:
                known = next(names, None)
            if known == identifier:
                continue
            ref = reference(place, identifier)
            if ref is None or _still_unknown(context, ref, offer.id):
                yield Finding(
                    ref=ref,
                    offer=offer.id,
                    code=FindingCode.UNRECORDED,
                    detail=f"{_shown(entry, ref)}{entry.size} bytes that the ledger does not know",
                )


def _shown(entry: ListEntry, ref: ObjectRef | None) -> str:
    return f"{entry.identifier!a} is no reference: " if ref is None else ""


def _expected(record: ObjectRecord, offer: str) -> bool:
    """Whether the ledger has reason to think that an offer holds something under a reference."""
    copy = record.copy_on(offer)
    held = copy is not None and copy.state not in _GONE
    return held or any(debt.offer == offer for debt in record.debts)


def _still_unknown(context: Context, ref: ObjectRef, offer: str) -> bool:
    """Look a second time: it may have been stored, or be being stored, while we walked.

    A deletion that the offer owes is told as such, not as an unknown object.
    """
    if context.ledger.is_claimed(ref):
        return False
    last = context.ledger.last_state(ref)
    if last is None:
        return True
    if last.state is ObjectState.DELETED:
        return not any(debt.offer == offer for debt in last.debts)
    return not _expected(last, offer)
