"""Repairing: what is owed is paid, from a copy verified in the same pass.

Bad bytes are set aside, never destroyed (law 5), and only once a good source was read. Nothing is
done to a copy that could not be looked at (law 2). A repair that would touch too much stops
and asks before it begins (law 9).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from coffre.contract import (
    NO_METADATA,
    ByteStream,
    Capability,
    CoffreError,
    Evidence,
    GetRequest,
    ObjectRef,
    PutRequest,
    QuarantineRequest,
    SourceError,
)
from coffre.engine.context import Context
from coffre.engine.deleting import delete_copy
from coffre.engine.errors import NoReadableCopyError
from coffre.engine.ledger import (
    CopyState,
    DebtKind,
    EventKind,
    LedgerError,
    ObjectRecord,
)
from coffre.engine.looking import Look
from coffre.engine.outcomes import RepairAction, RepairOutcome
from coffre.engine.owing import PAGE, Owed, RepairScope, brake, check_known, owed_of, owing
from coffre.engine.reading import holders
from coffre.engine.silence import Silence
from coffre.offer import Offer, reserved


def repair(
    context: Context,
    *,
    tenant: int | None = None,
    container: str | None = None,
    refs: Collection[ObjectRef] | None = None,
    release_brake: bool = False,
) -> Iterator[RepairOutcome]:
    """Pay what is owed: copies missing or bad, deletions not done.

    Args:
        context: the engine's surroundings.
        tenant: this tenant only.
        container: this container only.
        refs: these objects only.
        release_brake: go on however many objects it touches.

    Raises:
        ObjectNotFoundError: a reference under which nothing is stored; nothing was done.
        BrakeError: it would touch more objects than allowed; nothing was done.
        LedgerError: what was done could not be recorded; it stops there.
    """
    scope = RepairScope(tenant=tenant, container=container, refs=refs)
    check_known(context, scope)
    if not release_brake:
        brake(context, scope)
    return _repaired(context, scope)


def _repaired(context: Context, scope: RepairScope) -> Iterator[RepairOutcome]:
    """Go through what is owed, page by page."""
    owed = owing(context, scope)
    while page := list(islice(owed, PAGE)):
        silence = Silence()
        for record, things in page:
            yield from _pay(context, silence, record, things)


def plan(
    context: Context,
    *,
    tenant: int | None = None,
    container: str | None = None,
    refs: Collection[ObjectRef] | None = None,
) -> Iterator[Owed]:
    """What a repair would do, by object; no offer is asked, and nothing is changed.

    Raises:
        ObjectNotFoundError: a reference under which nothing is stored.
    """
    scope = RepairScope(tenant=tenant, container=container, refs=refs)
    check_known(context, scope)
    return (one for _, owed in owing(context, scope) for one in owed)


def _pay(
    context: Context, silence: Silence, record: ObjectRecord, owed: Sequence[Owed]
) -> Iterator[RepairOutcome]:
    for one in owed:
        try:
            outcome = _pay_one(context, silence, record, one)
        except LedgerError:
            raise
        except CoffreError as error:
            outcome = _failed(record, one.offer, error.code, str(error))
        if outcome is not None:
            yield outcome


def _pay_one(
    context: Context, silence: Silence, record: ObjectRecord, one: Owed
) -> RepairOutcome | None:
    """Pay one thing owed, if it still is once nobody else can be at work on the object."""
    with context.ledger.claim([record.ref]):
        (record,) = context.ledger.find_ids([record.id])
        standing = {(owed.offer, owed.kind) for owed in owed_of(context, record)}
        if (one.offer, one.kind) not in standing:
            return None
        if one.kind is DebtKind.DELETION:
            return _delete(context, silence, record, one.offer)
        return _mend(context, silence, record, one.offer)


def _delete(context: Context, silence: Silence, record: ObjectRecord, name: str) -> RepairOutcome:
    """Do a deletion that is owed, unless the offer holds a newer object by now."""
    offer = context.offers.get(name)
    if offer is not None and (unheard := silence.of(offer)):
        return _failed(record, name, unheard.code, unheard.detail)
    newer = context.ledger.find(record.ref)
    if newer is not None:
        seen = silence.look(offer, newer)
        if seen.state is CopyState.VERIFIED:
            # A put that seemed to fail had its effect. Recording it settles the deletion.
            _record(context, newer, name, seen.evidence, EventKind.COPY_ADDED, "found good")
            return RepairOutcome(ref=newer.ref, offer=name, action=RepairAction.FOUND_GOOD)
        if seen.state is None:
            return _failed(record, name, seen.code, seen.detail)
    code = delete_copy(context, record, name)
    if code:
        if offer is not None:
            silence.heard(offer, code, "the offer does not answer")
        return _failed(record, name, code, "the deletion is still owed")
    return RepairOutcome(ref=record.ref, offer=name, action=RepairAction.DELETED)


def _mend(context: Context, silence: Silence, record: ObjectRecord, name: str) -> RepairOutcome:
    """Look at the copy, and write it again where it is certain that it is not good."""
    target = context.offers.get(name)
    seen = silence.look(target, record)
    if target is None or seen.state is None:
        return _failed(record, name, seen.code, seen.detail)
    if seen.state is CopyState.VERIFIED:
        _record(context, record, name, seen.evidence, EventKind.COPY_ADDED, "found good")
        return RepairOutcome(ref=record.ref, offer=name, action=RepairAction.FOUND_GOOD)
    if target.standing.hindrance is not None:  # before bad bytes are moved for nothing
        refused = target.standing.refusal(record.ref, name)
        return _failed(record, name, refused.code, str(refused))
    source = _good_source(context, silence, record, name)
    if source is None:
        why = "no other copy could be read well; nothing was touched"
        return _failed(record, name, NoReadableCopyError.code, why)
    quarantined = _set_aside(context, target, record, seen)
    try:
        evidence = _copy(source, target, record)
    except CoffreError as error:
        return _failed(record, name, error.code, str(error), quarantined)
    rewritten = seen.state is CopyState.CORRUPT
    detail = f"from {source.id}" + (f"; bad bytes at {quarantined}" if quarantined else "")
    kind = EventKind.COPY_REPAIRED if rewritten else EventKind.COPY_ADDED
    _record(context, record, name, evidence, kind, detail)
    return RepairOutcome(
        ref=record.ref,
        offer=name,
        action=RepairAction.REWRITTEN if rewritten else RepairAction.MADE,
        source=source.id,
        quarantined=quarantined,
    )


def _good_source(
    context: Context, silence: Silence, record: ObjectRecord, target: str
) -> Offer | None:
    """The first other offer whose copy reads well now."""
    for offer in holders(context, record):
        if offer.id != target and silence.look(offer, record).state is CopyState.VERIFIED:
            return offer
    return None


def _set_aside(context: Context, target: Offer, record: ObjectRecord, seen: Look) -> str:
    """Move bad bytes out of the way, and record where they are before anything else happens."""
    if seen.state is not CopyState.CORRUPT:
        return ""
    place = target.quarantine(QuarantineRequest(ref=record.ref, reason=seen.detail)).place
    context.ledger.record_copy(
        record.id,
        target.id,
        state=CopyState.MISSING,
        evidence=seen.evidence,
        kind=EventKind.COPY_CORRUPT,
        code="quarantined",
        detail=f"bad bytes at {place}",
    )
    return place


def _copy(source: Offer, target: Offer, record: ObjectRecord) -> Evidence:
    """Copy one object between two offers: verified as it is read, and read back (law 6)."""
    keeps = Capability.METADATA in target.capabilities
    request = PutRequest(
        ref=record.ref,
        content=_Copy(source, record),
        size=record.size,
        algorithm=record.digest.algorithm,
        expected=record.digest,
        metadata=record.metadata if keeps else NO_METADATA,
    )
    with reserved((source, target)):  # both are held until the last byte
        return target.put(request, verify=Evidence.READ).evidence


class _Copy:
    """A good copy as the content of another one."""

    def __init__(self, source: Offer, record: ObjectRecord) -> None:
        self._source = source
        self._record = record

    def open(self) -> ByteStream:
        record = self._record
        try:
            return self._source.get(
                GetRequest(ref=record.ref), expected=record.digest, size=record.size
            ).stream
        except CoffreError as error:
            raise SourceError(f"copy on {self._source.id}: {error}", ref=record.ref) from error


def _record(
    context: Context,
    record: ObjectRecord,
    name: str,
    evidence: Evidence,
    kind: EventKind,
    detail: str,
) -> None:
    context.ledger.record_copy(
        record.id,
        name,
        state=CopyState.VERIFIED,
        evidence=evidence,
        kind=kind,
        detail=detail,
    )


def _failed(
    record: ObjectRecord, name: str, code: str, message: str, quarantined: str = ""
) -> RepairOutcome:
    return RepairOutcome(
        ref=record.ref,
        offer=name,
        action=RepairAction.FAILED,
        quarantined=quarantined,
        code=code,
        message=message,
    )
