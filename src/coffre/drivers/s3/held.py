"""What is held already: the same bytes, which is a success, or others, which is a conflict.

Decided by reading the bytes themselves. What was recorded of them decides only where they are
others by their record; an ETag never does, being whatever the service makes of it.
"""

from __future__ import annotations

from contextlib import suppress

from coffre.contract import (
    Digest,
    Evidence,
    NotReadyError,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    PutRequest,
    PutResult,
)
from coffre.drivers.s3 import reading
from coffre.drivers.s3.looking import Seen, look
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.records import LARGE, RECORDS, MissingBesideError, beside
from coffre.drivers.s3.service import Service
from coffre.streams import copy_digesting


def already_there(service: Service, request: PutRequest, digest: Digest) -> PutResult | None:
    """Hold what the reference holds against what was to be put.

    Returns:
        The result of a put whose bytes were there; ``None`` when the reference holds nothing.

    Raises:
        ObjectConflictError: it holds other bytes.
        OfferError: it could not be told.
    """
    seen = look(service, request.ref, "put")
    return None if seen is None else compared(service, request, digest, seen)


def compared(service: Service, request: PutRequest, digest: Digest, seen: Seen) -> PutResult | None:
    """The same, of an object that was seen.

    Raises:
        ObjectConflictError: it holds other bytes.
        OfferError: it could not be told.
    """
    refuse_another(request, seen)
    try:
        evidence = _read(service, request, digest, seen)
    except ObjectNotFoundError:
        return None
    return PutResult(size=request.size, digest=digest, evidence=evidence, already_there=True)


def refuse_another(request: PutRequest, seen: Seen) -> None:
    """Refuse at once what is of another length.

    Raises:
        ObjectConflictError: it is.
    """
    if seen.size != request.size:
        raise ObjectConflictError(
            f"the reference already holds {seen.size} bytes, {request.size} came",
            ref=request.ref,
        )


def _read(service: Service, request: PutRequest, digest: Digest, seen: Seen) -> Evidence:
    with suppress(MissingBesideError):
        record = seen.kept.record(service)
        if record and record.digest.algorithm is digest.algorithm and record.digest != digest:
            raise _other(request)
    try:
        with reading.get(service, reading.whole(request.ref)) as held:
            found = copy_digesting(held.stream, lambda _: None, digest.algorithm)
    except NotReadyError:
        # In a cold class the bytes cannot be looked at; their record says that they are the same.
        return _recorded_same(service, request, digest, seen)
    if found.digest != digest:
        raise _other(request)
    return Evidence.READ


def _recorded_same(service: Service, request: PutRequest, digest: Digest, seen: Seen) -> Evidence:
    record = seen.kept.record(service)
    if record is None or record.digest != digest:
        raise _other(request)
    return Evidence.PRESENT


def _other(request: PutRequest) -> ObjectConflictError:
    return ObjectConflictError("the reference already holds other bytes", ref=request.ref)


def let_go(service: Service, seen: Seen | None) -> None:
    """Remove what belonged to an object that is gone: its record, its bytes aside.

    What cannot be removed now is found by a sweep, so that failing here is no failure.
    """
    if seen is None:
        return
    kept = seen.kept
    for kind, token in ((LARGE, kept.aside), (RECORDS, kept.beside)):
        if token:
            remove(service, beside(service, kind, kept.ref, token))


def give_up(service: Service, kind: str, ref: ObjectRef, token: str) -> None:
    """Remove what was written for an object that was not published after all.

    Only once it is seen that the object does not name it: a service, or a proxy, that does a
    request twice refuses the second one because of the first, and what is there is our own.
    What cannot be told or removed now is found by a sweep.
    """
    with suppress(OfferError):
        seen = look(service, ref, "tidy up")
        if seen is None or token not in (seen.kept.aside, seen.kept.beside):
            remove(service, beside(service, kind, ref, token))


def remove(service: Service, place: Place) -> None:
    """Remove something of the driver's own that nobody names (any more), if it can be now."""
    with suppress(OfferError):
        service.ask("DELETE", place, doing="tidy up")
