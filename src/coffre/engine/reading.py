"""Reading an object back: the first offer by rank that gives the right bytes.

*Verified* (the default): the bytes are kept aside and digested, and the first one is handed
over only once the last one was right; an offer that is down, lost the object or gives wrong
bytes is passed over for the next, and what it did is noted. *Streaming*: bytes pass as they
come, and wrong ones show at the end, as an error; nothing can be passed over by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from coffre.contract import (
    CoffreError,
    Digest,
    GetRequest,
    ObjectCorruptError,
    ObjectNotFoundError,
    ObjectRef,
    SourceError,
)
from coffre.engine.context import Context
from coffre.engine.errors import NoReadableCopyError
from coffre.engine.keeping import Readable, kept_aside
from coffre.engine.ledger import CopyState, EventKind, ObjectRecord
from coffre.engine.looking import look_once
from coffre.offer import Offer

_DOUBTS = {CopyState.VERIFIED: 0, CopyState.DECLARED: 1}
_OWED = 3
"""Doubt about a copy, from none on: bad and missing ones come before those never made."""


@dataclass(slots=True)
class ObjectReader:
    """An object opened for reading. Close it, or leave the context it came from."""

    ref: ObjectRef
    size: int
    """Bytes."""
    digest: Digest
    """The expected digest, which the bytes have."""
    offer: str
    """The offer whose copy this is."""
    verified: bool
    """The bytes were held against the digest before the first one is given."""
    stream: Readable
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    """Offers tried before, each with the code of what was wrong there."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, all that remain when negative, ``b""`` at the end.

        Raises:
            ObjectCorruptError: in streaming mode, at the end: what was read is not the object.
        """
        return self.stream.read(size)

    def close(self) -> None:
        """Release what it holds."""
        self.stream.close()


def find(context: Context, ref: ObjectRef) -> ObjectRecord:
    """The object as the ledger knows it.

    Raises:
        ObjectNotFoundError: it is not stored, or was deleted.
    """
    record = context.ledger.find(ref)
    if record is None:
        raise ObjectNotFoundError(f"{ref} is not stored", ref=ref)
    return record


def holders(context: Context, record: ObjectRecord, only: str | None = None) -> Iterator[Offer]:
    """Offers to read from: verified copies first, then those only declared; each group by rank.

    Those that owe a copy come last: a put may have had its effect without our knowing.
    """
    strategy = context.strategies.get(record.strategy)
    order = {} if strategy is None else {copy.offer: copy.rank for copy in strategy.copies}
    last = len(order) + 1
    doubt = {debt.offer: _OWED for debt in record.debts}
    doubt |= {copy.offer: _DOUBTS.get(copy.state, _OWED - 1) for copy in record.copies}
    names = sorted(
        (name for name in doubt if only in (None, name)),
        key=lambda name: (doubt[name], order.get(name, last), name),
    )
    return (context.offers[name] for name in names if name in context.offers)


@contextmanager
def get(
    context: Context, ref: ObjectRef, *, verified: bool = True, only: str | None = None
) -> Iterator[ObjectReader]:
    """Open an object for reading.

    Args:
        context: the engine's surroundings.
        ref: the object.
        verified: keep the bytes aside until they are known to be right.
        only: read from this offer, or fail.

    Raises:
        ObjectNotFoundError: it is not stored.
        NoReadableCopyError: no offer gave the right bytes; each reason is told.
        SourceError: the bytes could not be kept aside, for want of room here.
        ObjectCorruptError: in streaming mode, at the end; it is noted as a debt.
    """
    record = find(context, ref)

    def open_at(offer: Offer) -> Readable:
        if not verified:
            request = GetRequest(ref=ref)
            return offer.get(request, expected=record.digest, size=record.size).stream
        return kept_aside(offer, record, context.limits.spool_directory)

    reader = first_good(context, record, only, open_at, verified=verified)
    try:
        yield reader
    except ObjectCorruptError as error:
        if (error.ref, error.offer) == (ref, reader.offer):
            _note(context, record, [(reader.offer, error.code)])
        raise
    finally:
        reader.close()


def first_good(
    context: Context,
    record: ObjectRecord,
    only: str | None,
    open_at: Callable[[Offer], Readable],
    *,
    verified: bool,
) -> ObjectReader:
    """Try offers in order; note what was wrong with those passed over.

    Raises:
        StrategyError: ``only`` is no offer.
        NoReadableCopyError: none gave the right bytes.
    """
    if only is not None:
        context.offer(only)
    passed_over: list[tuple[str, str]] = []
    reasons: list[str] = []
    for offer in holders(context, record, only):
        try:
            stream = open_at(offer)
        except SourceError:
            raise  # want of room here says nothing of the offers
        except CoffreError as error:
            passed_over.append((offer.id, error.code))
            reasons.append(f"{offer.id}: {error}")
            continue
        _note(context, record, passed_over)
        return ObjectReader(
            ref=record.ref,
            size=record.size,
            digest=record.digest,
            offer=offer.id,
            verified=verified,
            stream=stream,
            passed_over=passed_over,
        )
    _note(context, record, passed_over)
    told = "; ".join(reasons) or "no offer that is configured holds one"
    raise NoReadableCopyError(f"{record.ref} could not be read ({told})", ref=record.ref)


def _note(context: Context, record: ObjectRecord, passed_over: list[tuple[str, str]]) -> None:
    """Look again at what failed, and record what is certain; a read never fails for that."""
    for name, code in passed_over:
        if code not in (ObjectNotFoundError.code, ObjectCorruptError.code):
            continue  # nothing is known of the copy (law 2)
        offer = context.offers.get(name)
        if offer is None or context.ledger.is_claimed(record.ref):
            continue  # what others are at work on says nothing either
        with offer.examine() as examination:
            seen = look_once(examination, record)
        if seen.state in (CopyState.MISSING, CopyState.CORRUPT):
            kind = (
                EventKind.COPY_MISSING
                if seen.state is CopyState.MISSING
                else EventKind.COPY_CORRUPT
            )
            with suppress(CoffreError):
                context.ledger.record_copy(
                    record.id,
                    name,
                    state=seen.state,
                    evidence=seen.evidence,
                    kind=kind,
                    code=seen.code,
                    detail=seen.detail,
                )
