"""Get and stat: an object as one answer of the service, of which nothing is held but what is asked.

A get is one request: what it gives is what the service opened for it, however the object is
replaced or deleted meanwhile; a service that breaks it off is heard as a connection that is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from coffre.contract import (
    Evidence,
    GetRequest,
    GetResult,
    InvalidRangeError,
    ObjectNotFoundError,
    ObjectRef,
    OfferFailedError,
    StatRequest,
    StatResult,
)
from coffre.drivers.s3.access import is_ready
from coffre.drivers.s3.holding import holds_of
from coffre.drivers.s3.locking import retained_until
from coffre.drivers.s3.looking import LOOKS, check_missing, length_of, require
from coffre.drivers.s3.naming import Place
from coffre.drivers.s3.records import LARGE, Kept, MissingBesideError, beside
from coffre.drivers.s3.service import Service
from coffre.http import HttpAnswer, HttpStream
from coffre.streams import BytesContent
from coffre.tree import ObjectRecord

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def stat(service: Service, request: StatRequest) -> StatResult:
    """Ask about one object; see ``Connection.stat``."""
    for attempt in range(LOOKS):
        seen = require(service, request.ref, "stat")
        try:
            record = seen.kept.record(service)
            break
        except MissingBesideError:
            if attempt == LOOKS - 1:
                raise
    return StatResult(
        size=seen.size,
        evidence=Evidence.PRESENT,
        recorded=record.digest if record else None,
        recorded_size=record.size if record else None,
        metadata=record.metadata if record else {},
        stored_at=seen.stored_at,
        retain_until=retained_until(seen),
        holds=holds_of(service, seen),
        ready=is_ready(service, seen),
    )


def get(service: Service, request: GetRequest) -> GetResult:
    """Open one object, or a range of it; see ``Connection.get``."""
    if request.length == 0:
        return _nothing(service, request)
    place = service.naming.place(request.ref)
    for attempt in range(LOOKS):
        opened = _open(service, place, request)
        if opened is None:  # the range begins where nothing is, or in an object kept aside
            seen = require(service, request.ref, "get")
            if not seen.kept.aside:
                return _nothing(service, request)
            kept = seen.kept
        else:
            kept = Kept.of(request.ref, opened.headers)
        try:
            return _result(service, request, kept, opened)
        except MissingBesideError:
            if attempt == LOOKS - 1:
                raise
    raise AssertionError  # the last attempt has returned or raised


def _result(
    service: Service, request: GetRequest, kept: Kept, opened: HttpStream | None
) -> GetResult:
    try:
        if kept.aside:
            if opened is not None:
                opened.close()
            opened = _open_aside(service, request, kept)
            if opened is None:
                return _nothing(service, request)
        assert opened is not None  # noqa: S101 - without bytes aside, get() has opened it
        size = _checked_size(request, opened)
        record = kept.record(service) if request.describe else None
    except BaseException:
        if opened is not None:
            opened.close()
        raise
    return _described(opened, size, record)


def _described(stream: HttpStream, size: int, record: ObjectRecord | None) -> GetResult:
    if record is None:
        return GetResult(stream=stream, size=size)
    return GetResult(stream=stream, size=size, metadata=record.metadata, recorded=record.digest)


def _open(service: Service, place: Place, request: GetRequest) -> HttpStream | None:
    """The answer of the service; ``None`` when the range lies outside of what has the key."""
    opened = service.open(
        place, headers=_range(request), doing="get", ref=request.ref, accept={404, 416}
    )
    if isinstance(opened, HttpStream):
        return opened
    if opened.status == 404:
        check_missing(service, opened, place, "get", request.ref)
        raise ObjectNotFoundError(f"the offer does not hold {request.ref}", ref=request.ref)
    return None


def _open_aside(service: Service, request: GetRequest, kept: Kept) -> HttpStream | None:
    place = beside(service, LARGE, request.ref, kept.aside)
    opened = service.open(
        place,
        headers=_range(request),
        doing="get",
        ref=request.ref,
        accept={404, 416},
    )
    if isinstance(opened, HttpAnswer):
        if opened.status == 404:
            check_missing(service, opened, place, "get", request.ref)
            raise MissingBesideError(
                "its bytes, which are kept aside, are missing", ref=request.ref
            )
        return None
    return opened


def _range(request: GetRequest) -> Mapping[str, str]:
    if request.offset == 0 and request.length is None:
        return {}
    last = "" if request.length is None else str(request.offset + request.length - 1)
    return {"range": f"bytes={request.offset}-{last}"}


def _checked_size(request: GetRequest, stream: HttpStream) -> int:
    """Length of the whole object, once the range is known to lie inside it."""
    if not _range(request):
        return length_of(stream.headers, request.ref)
    told = _RANGE.fullmatch(stream.headers.get("content-range", ""))
    if stream.status != 206 or told is None:
        raise OfferFailedError("the service does not know ranges", ref=request.ref)
    first, last, size = int(told[1]), int(told[2]), int(told[3])
    _check_range(request, size)
    end = size if request.length is None else request.offset + request.length
    if (first, last + 1) != (request.offset, end):
        raise OfferFailedError("the service gives another range than was asked", ref=request.ref)
    return size


def _check_range(request: GetRequest, size: int) -> None:
    end = request.offset + (request.length or 0)
    if request.offset > size or end > size:
        raise InvalidRangeError(
            f"bytes {request.offset} to {end} were asked of an object of {size}", ref=request.ref
        )


def _nothing(service: Service, request: GetRequest) -> GetResult:
    """A range of no bytes, which has to lie inside the object all the same."""
    seen = require(service, request.ref, "get")
    _check_range(request, seen.size)
    if request.length is None and request.offset < seen.size:
        raise OfferFailedError("the service says two things of its length", ref=request.ref)
    record = seen.kept.record(service) if request.describe else None
    stream = BytesContent(b"").open()
    if record is None:
        return GetResult(stream=stream, size=seen.size)
    return GetResult(
        stream=stream, size=seen.size, metadata=record.metadata, recorded=record.digest
    )


def whole(ref: ObjectRef) -> GetRequest:
    """A get of all the bytes, and nothing but the bytes."""
    return GetRequest(ref=ref, describe=False)
