"""List and containers: pages of the catalogue, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import ContainerEntry, ListEntry, Listing, ListRequest
from coffre.drivers.cold.errors import translating
from coffre.drivers.cold.library import Library

_PAGE = 1_000


def list_container(library: Library, request: ListRequest) -> Listing:
    """List one container; see ``Connection.list``. Objects on tape are listed like any other."""
    return Listing(_entries(library, request), limit=request.limit)


def _entries(library: Library, request: ListRequest) -> Iterator[ListEntry]:
    after = request.after or ""
    while True:
        with translating():
            library.require()
            # Identifiers are ASCII: SQLite's own order of texts is the bytewise one, and no
            # identifier that begins with the prefix comes after the prefix and a DEL.
            page = library.catalogue.all(
                "SELECT identifier, size FROM objects WHERE tenant = ? AND container = ? "
                "AND identifier > ? AND identifier >= ? AND identifier < ? "
                "ORDER BY identifier LIMIT ?",
                request.tenant,
                request.container,
                after,
                request.prefix,
                f"{request.prefix}\x7f",
                _PAGE,
            )
        for identifier, size in page:
            yield ListEntry(identifier=identifier, size=size)
        if len(page) < _PAGE:
            return
        after = page[-1][0]


def containers(library: Library) -> Iterator[ContainerEntry]:
    """Name every container that holds objects; see ``SupportsContainers``."""
    with translating():
        library.require()
        rows = library.catalogue.all(
            "SELECT DISTINCT tenant, container FROM objects ORDER BY tenant, container"
        )
    return (ContainerEntry(tenant=tenant, container=name) for tenant, name in rows)
