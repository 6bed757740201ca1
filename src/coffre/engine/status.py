"""Status: what is known of objects and their copies, from the ledger, and from the offers now."""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import (
    CoffreError,
    ObjectNotFoundError,
    ObjectRef,
    StatRequest,
    check_name,
)
from coffre.engine.context import Context
from coffre.engine.ledger import ObjectRecord
from coffre.engine.outcomes import CopyStatus, ObjectStatus
from coffre.engine.reading import find


def stat(context: Context, ref: ObjectRef, *, ask: bool) -> ObjectStatus:
    """One object; with ``ask``, every offer says whether it holds it.

    Raises:
        ObjectNotFoundError: it is not stored.
    """
    return _status(context, find(context, ref), ask=ask)


def list_objects(
    context: Context, tenant: int, container: str, prefix: str, after: str | None
) -> Iterator[ObjectStatus]:
    """Objects of one container, sorted bytewise, page by page.

    Raises:
        InvalidReferenceError: a container or identifier that cannot exist.
    """
    check_name(container, "container")
    start = (
        None if after is None else ObjectRef(tenant=tenant, container=container, identifier=after)
    )
    records = context.ledger.objects(tenant=tenant, container=container, prefix=prefix, after=start)
    return (_status(context, record, ask=False) for record in records)


def _status(context: Context, record: ObjectRecord, *, ask: bool) -> ObjectStatus:
    owed = {debt.offer: debt.code for debt in record.debts}
    held = {copy.offer: copy for copy in record.copies}
    copies = [
        CopyStatus(
            offer=name,
            state=held[name].state.value if name in held else "owed",
            evidence=held[name].evidence if name in held else None,
            checked_at=held[name].checked_at if name in held else None,
            owed=owed.get(name, ""),
            now=_ask(context, record, name) if ask else "",
        )
        for name in sorted({*held, *owed})
    ]
    return ObjectStatus(
        ref=record.ref,
        size=record.size,
        digest=record.digest,
        metadata=record.metadata,
        strategy=record.strategy,
        deposited_at=record.deposited_at,
        copies=tuple(copies),
    )


def _ask(context: Context, record: ObjectRecord, name: str) -> str:
    """What one offer answers now: existence and size, nothing more."""
    offer = context.offers.get(name)
    if offer is None:
        return "offer-unknown"
    try:
        found = offer.stat(StatRequest(ref=record.ref))
    except ObjectNotFoundError:
        return "absent"
    except CoffreError as error:
        return error.code
    return "present" if found.size == record.size else "size-mismatch"
