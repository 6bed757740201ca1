"""Listings: pages of names in XML, in the order of their bytes, as the service keeps them.

A page is asked for with the marker of the one before, which is opaque: a listing that is resumed
after an identifier passes over the pages before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree

from coffre.contract import (
    ContainerEntry,
    ListEntry,
    Listing,
    ListRequest,
    OfferFailedError,
)
from coffre.drivers.azure.errors import code_of
from coffre.drivers.azure.naming import Layout, Space, is_name
from coffre.drivers.azure.service import Service

PAGE = 2000
"""Names asked for at a time; the service allows 5,000, in some 5 MiB of XML."""
_LIMIT = 16 * 1024 * 1024


class Blob(NamedTuple):
    """One blob of a listing."""

    name: str
    size: int
    modified: datetime | None


class _Page(NamedTuple):
    root: ElementTree.Element
    marker: str


def list_container(service: Service, layout: Layout, request: ListRequest) -> Listing:
    """List one container of objects; see ``Connection.list``."""
    space = layout.space_of(request.tenant, request.container)
    size = PAGE if request.limit is None else min(PAGE, request.limit + 1)
    blobs = list_blobs(service, layout, space, request.prefix, size=size)
    return Listing(_wanted(blobs, len(space.prefix), request.after), limit=request.limit)


def _wanted(blobs: Iterator[Blob], cut: int, after: str | None) -> Iterator[ListEntry]:
    for blob in blobs:
        identifier = blob.name[cut:]
        # Others may keep blobs here, too: what cannot be an object of ours is not one.
        if (after is None or identifier > after) and is_name(identifier):
            yield ListEntry(identifier=identifier, size=blob.size)


def list_blobs(
    service: Service,
    layout: Layout,
    space: Space,
    prefix: str = "",
    *,
    uncommitted: bool = False,
    size: int = PAGE,
) -> Iterator[Blob]:
    """Every blob of a space, by name; none where its container was never made.

    Args:
        service: asked for each page.
        layout: whose own container must be there.
        space: of the blobs.
        prefix: after the space's own.
        uncommitted: with those of which only blocks were ever sent.
        size: names in the first page, and in each one after it at least as many.
    """
    query = [("restype", "container"), ("comp", "list"), ("prefix", space.prefix + prefix)]
    if uncommitted:
        query.append(("include", "uncommittedblobs"))
    marker: str | None = ""
    while marker is not None:
        page = _page(service, f"/{space.container}", query, marker, size)
        if page is None:
            _refuse_absent(service, layout, space)
            return
        yield from map(_blob, page.root.iterfind("Blobs/Blob"))
        marker = page.marker or None
        size = PAGE


def _refuse_absent(service: Service, layout: Layout, space: Space) -> None:
    """A container of objects may never have been made; that of the offer must be there."""
    service.done("HEAD", f"/{layout.container}", (("restype", "container"),))
    if space.container == layout.container:
        raise OfferFailedError("the container of the offer comes and goes; check the account")


def _page(
    service: Service, path: str, query: list[tuple[str, str]], marker: str, size: int
) -> _Page | None:
    """One page; ``None`` when the container is not there."""
    whole = [*query, ("maxresults", str(size)), *([("marker", marker)] if marker else [])]
    answer = service.ask("GET", path, whole, limit=_LIMIT)
    if code_of(answer) == "ContainerNotFound":
        return None
    if not answer.done:
        raise service.refused(answer, None, changing=False)
    root = parse(answer.body)
    return _Page(root, root.findtext("NextMarker") or "")


def parse(body: bytes) -> ElementTree.Element:
    """A document of the service's, which never declares a type of its own.

    Raises:
        OfferFailedError: not such a document.
    """
    if b"<!" in body:
        raise OfferFailedError("the service's answer is not the XML it is documented to give")
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - no entities: none can be declared
    except ElementTree.ParseError as error:
        raise OfferFailedError("the service's answer is not XML") from error


def _blob(element: ElementTree.Element) -> Blob:
    modified = element.findtext("Properties/Last-Modified")
    return Blob(
        name=_name(element),
        size=int(element.findtext("Properties/Content-Length") or 0),
        modified=parsedate_to_datetime(modified) if modified else None,
    )


def _name(element: ElementTree.Element) -> str:
    """Escaped where XML cannot write it, and then marked so."""
    found = element.find("Name")
    text = "" if found is None else found.text or ""
    return unquote(text) if found is not None and found.get("Encoded") == "true" else text


def containers(service: Service, layout: Layout) -> Iterator[ContainerEntry]:
    """Every container that may hold objects; see ``SupportsContainers``."""
    found = _own_containers(service, layout) if layout.each else _folders(service, layout)
    return iter(sorted(found))


def _folders(service: Service, layout: Layout) -> Iterator[ContainerEntry]:
    """Layout *one*: what stands between the slashes. As many as there are containers."""
    for tenant in _prefixes(service, layout, ""):
        number = tenant.removesuffix("/")
        if not number.isdigit() or str(int(number)) != number:
            continue
        for folder in _prefixes(service, layout, tenant):
            name = folder[len(tenant) : -1]
            if is_name(name):
                yield ContainerEntry(tenant=int(number), container=name)


def _prefixes(service: Service, layout: Layout, prefix: str) -> Iterator[str]:
    query = [("restype", "container"), ("comp", "list"), ("prefix", prefix), ("delimiter", "/")]
    marker: str | None = ""
    while marker is not None:
        page = _page(service, f"/{layout.container}", query, marker, PAGE)
        if page is None:
            return _refuse_absent(service, layout, Space(layout.container, ""))
        yield from (_name(one) for one in page.root.iterfind("Blobs/BlobPrefix"))
        marker = page.marker or None
    return None


def _own_containers(service: Service, layout: Layout) -> Iterator[ContainerEntry]:
    """Layout *each*: containers of the account that begin so, by their true names."""
    query = [("comp", "list"), ("prefix", f"{layout.container}-"), ("include", "metadata")]
    marker: str | None = ""
    while marker is not None:
        page = _page(service, "/", query, marker, PAGE)
        if page is None:
            raise OfferFailedError("the service does not list the containers of the account")
        for element in page.root.iterfind("Containers/Container"):
            told = layout.tenant_of(element.findtext("Name") or "")
            true = element.findtext("Metadata/coffre_container") or ""
            if told is not None:
                tenant, label = told
                name = true or label
                if layout.holds(tenant, label, name):
                    yield ContainerEntry(tenant=tenant, container=name)
        marker = page.marker or None
