"""Segments: what a large object is stored in before it is an object.

Segments lie under a name that no other put has, in a container of their own. Each one's MD5 is
compared with ours when it is there, and once more, with its size, by the service itself when the
manifest is put: that is the moment in which the object appears.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import quote

from coffre.contract import (
    ConnectionLostError,
    ObjectRef,
    OfferError,
    OfferTimeoutError,
    OfferUnavailableError,
    PutRequest,
    UnsupportedOperationError,
)
from coffre.contract.clock import SYSTEM_CLOCK
from coffre.drivers.swift.answers import error_of, from_swift
from coffre.drivers.swift.limits import Limits
from coffre.drivers.swift.names import Names, Spot
from coffre.drivers.swift.receiving import Source
from coffre.drivers.swift.service import NEWEST, Service, answered

GRACE = 24 * 3600
"""Seconds for which what was replaced stays, for those who are reading it."""
TOO_SLOW = 12 * 3600.0
"""Seconds after which a writer gives up a put that has not moved: a sweep waits twice as long."""
_BODY = {"Content-Type": "application/octet-stream"}


class Uploaded:
    """The segments of one put, in order; not an object yet."""

    def __init__(self, service: Service, names: Names, request: PutRequest, put: str) -> None:
        """None yet."""
        self._service = service
        self._names = names
        self._request = request
        self._put = put
        self._entries: list[dict[str, object]] = []
        self._moved = SYSTEM_CLOCK.now()

    def store(self, source: Source, size: int) -> None:
        """Store the next segment.

        Raises:
            ConnectionLostError: the service has other bytes than were sent.
        """
        number = len(self._entries)
        spot = self._names.beside(self._request.ref, self._put, f"{number:08}")
        answer = self._service.send(spot.path, _BODY, size, lambda: source.piece(size))
        if answer.status == 404 and from_swift(answer.headers) and not number:
            make_container(self._service, self._names.segments)
            if source.begun:  # by a service that takes bytes before it says yes
                raise OfferUnavailableError(
                    "the container of segments was not there, and is now; try again",
                    ref=self._request.ref,
                    effect_unknown=False,
                )
            answer = self._service.send(spot.path, _BODY, size, lambda: source.piece(size))
        etag = answered(answer, self._request.ref).headers.get("Etag", "").strip('"')
        if etag != source.md5:
            raise ConnectionLostError(
                "a segment was spoilt on its way; nothing was published",
                ref=self._request.ref,
                effect_unknown=False,
            )
        path = f"/{spot.container}/{spot.name}"
        self._entries.append({"path": path, "etag": source.md5, "size_bytes": size})
        self._moved = SYSTEM_CLOCK.now()

    def manifest(self) -> bytes:
        """What makes an object of the segments.

        Raises:
            OfferTimeoutError: so much time has passed that a sweep may have taken them away.
        """
        if (SYSTEM_CLOCK.now() - self._moved).total_seconds() > TOO_SLOW:
            raise OfferTimeoutError(
                "the source stood still for too long; nothing was published",
                ref=self._request.ref,
                effect_unknown=False,
            )
        return json.dumps(self._entries).encode()


def sizes_of(request: PutRequest, wanted: int, limits: Limits) -> Iterator[int]:
    """Sizes of the segments of an object, in bytes.

    Args:
        request: the object; not empty.
        wanted: bytes of one, where that does not make too many.
        limits: of the cluster.

    Raises:
        UnsupportedOperationError: the cluster cannot hold an object of that size.
    """
    ref = request.ref
    if not limits.most_segments:
        raise UnsupportedOperationError(
            "this cluster has no static large objects: raise 'buffer', or store smaller objects",
            ref=ref,
        )
    size = max(min(wanted, limits.largest_piece), -(-request.size // limits.most_segments))
    if size > limits.largest_piece:
        most = limits.largest_piece * limits.most_segments
        raise UnsupportedOperationError(f"this cluster holds objects of {most} bytes", ref=ref)
    return _cut(request.size, size)


def _cut(whole: int, size: int) -> Iterator[int]:
    for start in range(0, whole, size):
        yield min(size, whole - start)


def make_container(service: Service, name: str, headers: dict[str, str] | None = None) -> None:
    """Make a container; one that is there already stays as it is.

    Raises:
        ForbiddenError: this user may not: have the operator make it.
    """
    service.done("PUT", f"/{quote(name, safe='')}", headers or {}, b"")


# --- taking away ----------------------------------------------------------------------------------


def beside(service: Service, names: Names, ref: ObjectRef, put: str) -> list[Spot]:
    """What one put has stored beside its object: at most some thousand segments and a record."""
    query = f"?format=json&prefix={quote(f'{ref}/{put}/', safe='')}"
    answer = service.ask("GET", f"/{quote(names.segments, safe='')}{query}")
    if answer.status == 404 and from_swift(answer.headers):
        return []
    entries = json.loads(answered(answer, ref, safe=True).body)
    return [Spot(names.segments, entry["name"]) for entry in entries]


def remove(service: Service, spots: Iterable[Spot]) -> None:
    """Delete objects for good, in as few requests as the cluster takes.

    Raises:
        OfferError: one of them may still be there.
    """
    left = list(spots)
    step = min(service.limits.bulk_deletes, 200)  # more would be silent for long
    if step < 2 or len(left) < 2:
        for spot in left:
            answer = service.ask("DELETE", spot.path)
            if not answer.done and answer.status != 404:
                raise error_of(answer)
        return
    for start in range(0, len(left), step):
        _remove_together(service, left[start : start + step])


def _remove_together(service: Service, spots: list[Spot]) -> None:
    body = "\n".join(spot.path for spot in spots).encode()
    headers = {"Content-Type": "text/plain", "Accept": "application/json"}
    answer = service.done("POST", "?bulk-delete", headers, body)
    try:  # says 200 before it begins: what became of it stands in the body
        told = json.loads(answer.body)
        good = str(told["Response Status"]).startswith("200")
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise OfferUnavailableError(
            "the service did not delete all that it was told to", effect_unknown=True
        )


def give_up(service: Service, names: Names, ref: ObjectRef, put: str) -> None:
    """Take away what a put that failed has stored. Never raises: a sweep finds what is left."""
    with suppress(OfferError):
        remove(service, beside(service, names, ref, put))


def let_go(service: Service, names: Names, ref: ObjectRef, put: str, *, replaced: bool) -> None:
    """Take away what an object that is gone has stored beside. Never raises, as above.

    What was set aside in a quarantine keeps its segments. What was replaced is kept for a day,
    by a date of expiry that the service itself sees to: somebody may be reading it.

    Args:
        service: the account.
        names: of the offer.
        ref: the object.
        put: which made it; nothing else was ever stored under its name.
        replaced: there is a new object in its place.
    """
    with suppress(OfferError):
        aside = service.ask("HEAD", names.aside(ref, put).path, NEWEST)
        if aside.status != 404 or not from_swift(aside.headers):
            return
        spots = beside(service, names, ref, put)
        if not replaced:
            remove(service, spots)
            return
        for spot in spots:
            service.done("POST", spot.path, {"X-Delete-After": str(GRACE)})
