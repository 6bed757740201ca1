"""Listings of offers held beside the ledger: two sorted walks, in constant memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from coffre.contract import (
    Capability,
    CoffreError,
    ContainersRequest,
    ListRequest,
    ObjectRef,
)
from coffre.engine.context import Context
from coffre.engine.ledger import ObjectState
from coffre.engine.outcomes import Finding, FindingCode
from coffre.offer import Offer

Place = tuple[int, str]
"""Tenant and container."""


def unrecorded(
    context: Context, offers: Collection[str], tenant: int | None, container: str | None
) -> Iterator[Finding]:
    """Objects that an offer holds and the ledger does not know.

    An offer that cannot be listed is told as *unknown*: nothing is concluded about it.
    """
    for name in offers:
        offer = context.offers.get(name)
        if offer is None:
            continue
        try:
            for place in places(context, offer):
                if tenant in (None, place[0]) and container in (None, place[1]):
                    yield from _compare(context, offer, place)
        except CoffreError as error:
            ref = ObjectRef(tenant=tenant or 0, container=container or "all", identifier="all")
            yield Finding(ref=ref, offer=name, code=FindingCode.UNKNOWN, detail=str(error))


def places(context: Context, offer: Offer) -> list[Place]:
    """Containers to look into: as the offer tells them, else those that the ledger knows.

    Raises:
        OfferError: the offer could not be asked.
    """
    if Capability.CONTAINERS in offer.capabilities:
        found = offer.containers(ContainersRequest())
        return sorted({(entry.tenant, entry.container) for entry in found})
    return context.ledger.places()


def _compare(context: Context, offer: Offer, place: Place) -> Iterator[Finding]:
    tenant, container = place
    records = context.ledger.objects(tenant=tenant, container=container)
    known = next(records, None)
    with offer.list(ListRequest(tenant=tenant, container=container)) as listing:
        for entry in listing:
            while known is not None and known.ref.identifier < entry.identifier:
                known = next(records, None)
            if known is not None and known.ref.identifier == entry.identifier:
                continue
            ref = ObjectRef(tenant=tenant, container=container, identifier=entry.identifier)
            if _still_unknown(context, ref):
                yield Finding(
                    ref=ref,
                    offer=offer.id,
                    code=FindingCode.UNRECORDED,
                    detail=f"{entry.size} bytes that the ledger does not know",
                )


def _still_unknown(context: Context, ref: ObjectRef) -> bool:
    """Look a second time: it may have been stored, or be being stored, while we walked.

    A deletion that an offer owes is told as such, not as an unknown object.
    """
    if context.ledger.is_claimed(ref):
        return False
    last = context.ledger.last_state(ref)
    return last is None or (last.state is ObjectState.DELETED and not last.debts)
