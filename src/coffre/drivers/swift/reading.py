"""Get and stat: an object opened for reading, and what is known of it.

Both ask for the newest copy of all (``X-Newest``): right after a replacement a server that was
away may still hold the old one, and old bytes would be taken for damaged ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from coffre.contract import (
    NO_METADATA,
    Digest,
    DigestAlgorithm,
    Evidence,
    GetRequest,
    GetResult,
    InvalidRangeError,
    ObjectCorruptError,
    ObjectRef,
    OfferFailedError,
    StatRequest,
    StatResult,
)
from coffre.drivers.swift.answers import damaged, error_of
from coffre.drivers.swift.large import LargeStream
from coffre.drivers.swift.place import Place
from coffre.drivers.swift.records import modified, record_of
from coffre.drivers.swift.service import NEWEST
from coffre.http import HttpAnswer, HttpStream
from coffre.streams import BytesContent, Copied, ReadableStream, chunks_of

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)", re.ASCII)


def get(place: Place, request: GetRequest) -> GetResult:
    """Open one object; see ``Connection.get``."""
    if request.length == 0:
        return _nothing_of(place, request)
    headers = dict(NEWEST)
    ranged = request.offset > 0 or request.length is not None
    if ranged:
        end = "" if request.length is None else request.offset + request.length - 1
        headers["Range"] = f"bytes={request.offset}-{end}"
    ref = request.ref
    path = place.names.spot(ref).path
    stream = place.service.open(path, headers)
    try:
        if stream.status == 416:
            return _after_the_end(place, request, stream)
        if stream.status not in (200, 206):
            raise _refusal(stream.whole(), ref)
        size = _size(stream.headers, ranged, request)
        metadata, recorded = _kept(place, request, stream.headers)
    except BaseException:
        stream.close()
        raise
    given: ReadableStream = stream
    if "X-Static-Large-Object" in stream.headers:
        given = LargeStream(place.service, path, ref, stream, request.offset)
    return GetResult(stream=given, size=size, metadata=metadata, recorded=recorded)


def _refusal(answer: HttpAnswer, ref: ObjectRef) -> Exception:
    if answer.status == 409:
        return damaged(answer, ref)
    return error_of(answer, ref, safe=True)


def _kept(
    place: Place, request: GetRequest, headers: Mapping[str, str]
) -> tuple[Mapping[str, str], Digest | None]:
    if not request.describe:
        return NO_METADATA, None
    record = record_of(place.service, place.names, request.ref, headers)
    return (NO_METADATA, None) if record is None else (record.metadata, record.digest)


def _size(headers: Mapping[str, str], ranged: bool, request: GetRequest) -> int:
    """Length of the whole object.

    Raises:
        InvalidRangeError: the range goes on after its end.
    """
    if not ranged:
        return _length(headers, request.ref)
    told = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if told is None or told[1] is None or int(told[1]) != request.offset:
        raise OfferFailedError("the service gave another range than was asked for", ref=request.ref)
    size, last = int(told[3]), int(told[2])
    if request.length is not None and last != request.offset + request.length - 1:
        raise _outside(request, size)
    return size


def _outside(request: GetRequest, size: int) -> InvalidRangeError:
    end = "the end" if request.length is None else request.offset + request.length
    return InvalidRangeError(
        f"bytes {request.offset} to {end} lie outside the {size} bytes of {request.ref}",
        ref=request.ref,
    )


def _after_the_end(place: Place, request: GetRequest, stream: HttpStream) -> GetResult:
    """Of a range that begins after the last byte: nothing, if it begins right there."""
    headers = stream.headers
    stream.close()
    told = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if told is None:
        return _nothing_of(place, request)
    return _nothing(place, request, headers, int(told[3]))


def _nothing_of(place: Place, request: GetRequest) -> GetResult:
    answer = _head(place, request.ref)
    return _nothing(place, request, answer.headers, _length(answer.headers, request.ref))


def _nothing(place: Place, request: GetRequest, headers: Mapping[str, str], size: int) -> GetResult:
    if request.offset > size or (request.length and request.offset + request.length > size):
        raise _outside(request, size)
    metadata, recorded = _kept(place, request, headers)
    return GetResult(
        stream=BytesContent(b"").open(), size=size, metadata=metadata, recorded=recorded
    )


def _head(place: Place, ref: ObjectRef) -> HttpAnswer:
    return place.service.done("HEAD", place.names.spot(ref).path, NEWEST, ref=ref)


def _length(headers: Mapping[str, str], ref: ObjectRef) -> int:
    told = headers.get("Content-Length", "")
    if not (told.isascii() and told.isdigit()):
        raise OfferFailedError("the service does not tell the size of the object", ref=ref)
    return int(told)


def stat(place: Place, request: StatRequest) -> StatResult:
    """Ask about one object; see ``Connection.stat``.

    Raises:
        ObjectCorruptError: the service will delete it by itself at some date: a copy that an
            archive cannot count on. It can still be read, and storing the same bytes again, or
            replacing it, takes the date away.
    """
    ref = request.ref
    headers = _head(place, ref).headers
    if "X-Delete-At" in headers:
        raise ObjectCorruptError(
            f"the service will delete {ref} by itself, at the date of expiry that somebody gave "
            "it: store it again, replace it, or take the date away",
            ref=ref,
        )
    record = record_of(place.service, place.names, ref, headers)
    return StatResult(
        size=_length(headers, ref),
        evidence=Evidence.PRESENT,
        recorded=None if record is None else record.digest,
        recorded_size=None if record is None else record.size,
        metadata=NO_METADATA if record is None else record.metadata,
        stored_at=modified(headers) if record is None else record.stored_at,
    )


def read_digest(place: Place, ref: ObjectRef, algorithm: DigestAlgorithm, size: int) -> Copied:
    """Size and digest of what is held, from its bytes, read now.

    Args:
        place: the offer.
        ref: the object.
        algorithm: of the digest.
        size: bytes it should have; of another size nothing is read.

    Raises:
        ObjectNotFoundError: there is none.
        ObjectCorruptError: it cannot be read to its end.
    """
    with get(place, GetRequest(ref=ref, describe=False)) as opened:
        hasher = algorithm.new()
        if opened.size == size:
            for chunk in chunks_of(opened.stream):
                hasher.update(chunk)
    return Copied(opened.size, Digest(algorithm, hasher.digest()))
