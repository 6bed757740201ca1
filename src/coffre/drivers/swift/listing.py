"""Listings: page by page, in the order of the service, which is that of the bytes.

Swift tells a container's listing what it stored within a second, or later when a server is away:
a listing that lacks an object is no word of its absence; ``stat`` is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

from coffre.contract import ContainerEntry, ListEntry, Listing, ListRequest, OfferFailedError
from coffre.drivers.swift.answers import from_swift
from coffre.drivers.swift.names import is_folded, is_name
from coffre.drivers.swift.place import Place
from coffre.drivers.swift.service import Service, answered

_PAGE = 5000
"""Entries of one page, at most."""
_BYTES = 16 * 1024 * 1024
"""Bytes of one page, at most: a name of 255 signs makes an entry of some 600."""


def list_container(place: Place, request: ListRequest) -> Listing:
    """List one container; see ``Connection.list``."""
    name = place.names.container(request.tenant, request.container)
    page = _PAGE if request.limit is None else min(_PAGE, request.limit + 1)
    pages = entries_of(
        place.service, f"/{quote(name, safe='')}", request.prefix, request.after or "", page
    )
    entries = (
        ListEntry(identifier=str(entry["name"]), size=_size(entry))
        for entry in pages
        if is_name(str(entry["name"]))
    )
    return Listing(entries, limit=request.limit)


def _size(entry: Mapping[str, object]) -> int:
    size = entry.get("bytes")
    if type(size) is not int or size < 0:
        raise OfferFailedError("the service lists an object without its size")
    return size


def entries_of(
    service: Service, path: str, prefix: str, after: str = "", page: int = _PAGE
) -> Iterator[Mapping[str, object]]:
    """Entries of a container, or of the account itself, read on as they are asked for.

    Args:
        service: the account.
        path: of the container, escaped; empty for the account.
        prefix: with which names begin.
        after: where to begin.
        page: entries of one page.

    Raises:
        OfferError: the service could not be read, now or while reading on.
    """
    page = max(1, min(page, service.limits.page))
    while True:
        query = urlencode(
            {"format": "json", "limit": page, "prefix": prefix, "marker": after}, quote_via=quote
        )
        answer = service.ask("GET", f"{path}?{query}", limit=_BYTES)
        if answer.status == 404 and from_swift(answer.headers):
            return
        entries = _decoded(answered(answer, safe=True).body)
        yield from entries
        if not entries:  # a page may be short without being the last
            return
        after = str(entries[-1]["name"])


def _decoded(body: bytes) -> list[Mapping[str, object]]:
    try:
        entries = json.loads(body)
    except ValueError:
        entries = None
    good = isinstance(entries, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries
    )
    if not good:
        raise OfferFailedError("the service gave a listing that cannot be read")
    return list(entries)


def containers(place: Place) -> Iterator[ContainerEntry]:
    """Name the containers that hold something of this offer; see ``SupportsContainers``."""
    names = place.names
    found = []
    for entry in entries_of(place.service, "", names.begin):
        told = names.told(str(entry["name"]))
        if told is not None and is_folded(told.container):
            told = _unfolded(place, told, str(entry["name"]))
        if told is not None:
            found.append(told)
    return iter(sorted(found))


def _unfolded(place: Place, told: ContainerEntry, name: str) -> ContainerEntry | None:
    answer = place.service.done("HEAD", f"/{quote(name, safe='')}")
    whole = answer.headers.get("X-Container-Meta-Coffre-Container", "")
    if place.names.container(told.tenant, whole) != name:
        return None  # somebody else's
    return ContainerEntry(tenant=told.tenant, container=whole)
