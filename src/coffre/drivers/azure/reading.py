"""Get: a blob opened for reading; and what the service says of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from coffre.contract import (
    NO_METADATA,
    Buffer,
    ConnectionLostError,
    Digest,
    DigestAlgorithm,
    GetRequest,
    GetResult,
    InvalidRangeError,
    ObjectRef,
    OfferFailedError,
)
from coffre.drivers.azure.errors import code_of
from coffre.drivers.azure.naming import Layout, Place
from coffre.drivers.azure.records import Record, read_record
from coffre.drivers.azure.service import Service, about
from coffre.drivers.azure.sidecars import metadata_of
from coffre.http import HttpStream
from coffre.streams import BytesContent, ReadableStream, copy_digesting

_ARCHIVE = "Archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the service says of one blob."""

    size: int
    etag: str
    record: Record
    modified: datetime | None
    tier: str
    """Where it lies: ``Hot``, ``Archive`` ...; empty when the service does not tell."""
    rehydrating: str
    """``rehydrate-pending-to-hot`` while it is brought back; empty otherwise."""
    retained_until: datetime | None
    on_hold: bool

    @property
    def ready(self) -> bool:
        """Whether its bytes can be read now."""
        return self.tier != _ARCHIVE


def held_of(headers: Mapping[str, str], ref: ObjectRef) -> Held:
    """What the headers of an answer say; of a range, the size is that of the whole."""
    whole = headers.get("Content-Range", "").rpartition("/")[2] or headers.get("Content-Length", "")
    if not whole.isdigit():
        raise OfferFailedError("the service does not tell the size of the object", ref=ref)
    return Held(
        size=int(whole),
        etag=headers.get("ETag", ""),
        record=read_record(headers, ref),
        modified=_date(headers, "Last-Modified"),
        tier=headers.get("x-ms-access-tier", ""),
        rehydrating=headers.get("x-ms-archive-status", ""),
        retained_until=_date(headers, "x-ms-immutability-policy-until-date"),
        on_hold=headers.get("x-ms-legal-hold", "").lower() == "true",
    )


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    try:
        return parsedate_to_datetime(headers[name])
    except (KeyError, ValueError):
        return None


def look_for(service: Service, place: Place, ref: ObjectRef) -> Held:
    """Ask about one blob.

    Raises:
        ObjectNotFoundError: the service does not hold it.
    """
    return held_of(service.done("HEAD", place.path, ref=ref).headers, ref)


def look(
    service: Service, place: Place, ref: ObjectRef, condition: Mapping[str, str]
) -> Held | None:
    """Ask about one blob under a condition; ``None`` when it is not met, or the blob is gone."""
    answer = service.ask("HEAD", place.path, (), condition, ref=ref)
    if answer.status == 412 or code_of(answer) == "BlobNotFound":
        return None
    if not answer.done:
        raise service.refused(answer, ref, changing=False)
    return held_of(answer.headers, ref)


def get(service: Service, layout: Layout, request: GetRequest) -> GetResult:
    """Open one object, or a range of it; see ``Connection.get``."""
    ref = request.ref
    place = layout.place_of(ref)
    if request.length == 0:
        return _nothing(service, layout, place, request)
    with about(ref):
        stream = service.open(place.path, _range(request), ref=ref)
        try:
            if stream.status == 416:
                stream.close()
                return _nothing(service, layout, place, request)
            return _opened(service, layout, stream, request)
        except BaseException:
            stream.close()
            raise


def _range(request: GetRequest) -> dict[str, str]:
    if request.offset == 0 and request.length is None:
        return {}
    last = "" if request.length is None else request.offset + request.length - 1
    return {"x-ms-range": f"bytes={request.offset}-{last}"}


def _opened(service: Service, layout: Layout, stream: HttpStream, request: GetRequest) -> GetResult:
    ref = request.ref
    if stream.status not in (200, 206):
        raise service.refused(stream.whole(), ref, changing=False)
    held = held_of(stream.headers, ref)
    length = _length_wanted(request, held.size)
    # Headers may be had for nothing; a sidecar takes a request, which not everybody needs.
    metadata = metadata_of(service, layout, ref, held.record) if request.describe else NO_METADATA
    return GetResult(
        stream=ObjectStream(stream, length, ref),
        size=held.size,
        metadata=metadata,
        recorded=held.record.digest,
    )


def _length_wanted(request: GetRequest, size: int) -> int:
    length = size - request.offset if request.length is None else request.length
    if length < 0 or request.offset + length > size:
        raise InvalidRangeError(
            f"bytes {request.offset} to {request.offset + max(length, 0)} lie outside the "
            f"{size} bytes of {request.ref}",
            ref=request.ref,
        )
    return length


def _nothing(service: Service, layout: Layout, place: Place, request: GetRequest) -> GetResult:
    """A range of no bytes, which HTTP cannot ask for; or one outside the object."""
    held = look_for(service, place, request.ref)
    if _length_wanted(request, held.size):
        raise OfferFailedError("the service refuses a range inside the object", ref=request.ref)
    return GetResult(
        stream=BytesContent(b"").open(),
        size=held.size,
        metadata=metadata_of(service, layout, request.ref, held.record),
        recorded=held.record.digest,
    )


def digest_held(
    service: Service, place: Place, ref: ObjectRef, algorithm: DigestAlgorithm
) -> Digest:
    """Read a blob, and digest what is read."""
    with about(ref), service.open(place.path, ref=ref) as stream:
        if stream.status != 200:
            raise service.refused(stream.whole(), ref, changing=False)
        return copy_digesting(stream, lambda _: None, algorithm).digest


class ObjectStream(ReadableStream):
    """Bytes of one version of a blob: exactly those asked for, or an error.

    One answer of the service gives them all, so a blob that is replaced meanwhile is never mixed
    with its successor.
    """

    def __init__(self, stream: HttpStream, length: int, ref: ObjectRef) -> None:
        """Take over an answer; it is closed with the stream."""
        self._stream = stream
        self._missing = length
        self._ref = ref

    def chunks(self) -> Iterator[Buffer]:
        """The bytes, as they come.

        Raises:
            ConnectionLostError: they end too early, or the session was closed.
        """
        with about(self._ref):
            for chunk in self._stream.chunks():
                self._missing -= len(chunk)
                yield chunk
            if self._missing:
                raise ConnectionLostError(
                    f"the connection ended {self._missing} bytes early", effect_unknown=False
                )

    def close(self) -> None:
        """Give the connection back, or drop it."""
        self._stream.close()
