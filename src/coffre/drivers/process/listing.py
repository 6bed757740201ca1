"""List and containers: pages as the program sends them, and an end that says how many there were.

A listing that stops without its end mark is a failure, never a short listing.
"""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import (
    CoffreError,
    Connection,
    ContainerEntry,
    ContainersRequest,
    ListEntry,
    Listing,
    ListRequest,
    check_name,
    check_tenant,
)
from coffre.drivers.process.exchange import Exchange
from coffre.drivers.process.protocol import WireError
from coffre.drivers.process.session import Session

WINDOW = 2
"""Pages that the program may send ahead."""


def list_container(session: Session, request: ListRequest, connection: Connection) -> Listing:
    """List one container; see ``Connection.list``.

    Args:
        session: where to ask.
        request: what to list.
        connection: kept for as long as the listing is: it ends the program when it is forgotten.
    """
    fields: dict[str, object] = {"tenant": request.tenant, "container": request.container}
    if request.after is not None:
        fields["after"] = request.after
    if request.prefix:
        fields["prefix"] = request.prefix
    if request.limit is not None:
        # One more, so that the listing can say whether it is complete.
        fields["limit"] = request.limit + 1
    exchange = session.begin("list", fields, frames=WINDOW, streams=True)
    # What can be told at once is told at once: an offer that is away, say.
    exchange.await_page()
    return Listing(
        _entries(session, exchange, connection),
        limit=request.limit,
        close=lambda: session.give_up(exchange, wait=False),
    )


def _entries(
    session: Session,
    exchange: Exchange,
    connection: Connection,  # noqa: ARG001 - kept
) -> Iterator[ListEntry]:
    last = ""
    for name, size in _pairs(session, exchange):
        with exchange.ending_the_session():
            if not isinstance(name, str) or type(size) is not int or size < 0:
                raise WireError("an entry of the program's listing is not a name and a size")
            if name <= last:
                raise WireError("the program's listing is not in order")
        last = name
        yield ListEntry(identifier=name, size=size)


def containers(
    session: Session,
    request: ContainersRequest,
    connection: Connection,  # noqa: ARG001 - kept
) -> Iterator[ContainerEntry]:
    """Name every container; see ``SupportsContainers``."""
    del request  # it asks nothing more precise
    exchange = session.begin("containers", {}, frames=WINDOW, streams=True)
    exchange.await_page()
    for tenant, name in _pairs(session, exchange):
        with exchange.ending_the_session():
            yield _container(tenant, name)


def _container(tenant: object, name: object) -> ContainerEntry:
    if type(tenant) is not int or not isinstance(name, str):
        raise WireError("an entry of the program is not a tenant and a container")
    try:
        check_tenant(tenant)
        check_name(name, "container")
    except CoffreError as error:
        raise WireError(f"the program named a container that cannot be: {error}") from error
    return ContainerEntry(tenant=tenant, container=name)


def _pairs(session: Session, exchange: Exchange) -> Iterator[tuple[object, object]]:
    """What is on the pages, up to an end that counts the same."""
    seen = 0
    try:
        while (page := exchange.page()) is not None:
            with exchange.ending_the_session():
                pairs = page.pairs("entries")
            seen += len(pairs)
            yield from pairs
            exchange.grant_one()
        with exchange.ending_the_session():
            if exchange.end.whole("count") != seen:
                raise WireError(f"the program counts other entries than the {seen} it sent")
    finally:
        session.give_up(exchange, wait=False)
