"""Routes: operations as method and path, built by a driver and read by a server.

A route that exists names its operation and, where there is one, a category of the protocol. The
identifier is text as it was sent: whether it names an object is for
:class:`~coffre.contract.ObjectRef` to say, since that refusal has another status than a path
nobody knows.

Source: offer protocol, 1.1, 5.1, 5.3, 8.1 to 8.16.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import quote, unquote

from coffre.wire.categories import Category, category_named
from coffre.wire.errors import MethodError, NoRouteError

BASE = "/offer/v1"
"""Every path begins with it, whatever path the offer's URL has."""


class Operation(StrEnum):
    """What can be asked of an offer, with the section that describes it."""

    STATUS = "status"
    """8.1"""
    TENANTS = "tenants"
    """8.1"""
    CAPACITY = "capacity"
    """8.2"""
    LIST = "list"
    """8.3"""
    LOG = "log"
    """8.4"""
    GET = "get"
    """8.5"""
    PUT = "put"
    """8.6"""
    BULK_PUT = "bulk-put"
    """8.7"""
    DELETE = "delete"
    """8.8"""
    EXISTS = "exists"
    """8.9"""
    METADATA = "metadata"
    """8.10"""
    BULK_METADATA = "bulk-metadata"
    """8.11"""
    REQUEST_ACCESS = "request-access"
    """8.12"""
    ACCESS_STATUS = "access-status"
    """8.13"""
    CANCEL_ACCESS = "cancel-access"
    """8.14"""
    AVAILABILITY = "availability"
    """8.15"""
    COMPACT = "compact"
    """8.16"""


TYPE, ID = "{type}", "{id}"

_Part = TypeVar("_Part")

_TABLE: dict[Operation, tuple[str, tuple[str, ...]]] = {
    Operation.STATUS: ("GET", ("status",)),
    Operation.TENANTS: ("GET", ("tenants",)),
    Operation.CAPACITY: ("HEAD", ("objects", TYPE)),
    Operation.LIST: ("GET", ("objects", TYPE)),
    Operation.LOG: ("GET", ("objects", TYPE, "logs")),
    Operation.METADATA: ("GET", ("objects", TYPE, ID, "metadatas")),
    Operation.GET: ("GET", ("objects", TYPE, ID)),
    Operation.PUT: ("PUT", ("objects", TYPE, ID)),
    Operation.BULK_PUT: ("PUT", ("bulk", "objects", TYPE)),
    Operation.DELETE: ("DELETE", ("objects", TYPE, ID)),
    Operation.EXISTS: ("HEAD", ("objects", TYPE, ID)),
    Operation.BULK_METADATA: ("GET", ("bulk", "objects", TYPE, "metadata")),
    Operation.ACCESS_STATUS: ("GET", ("access-request", "statuses")),
    Operation.REQUEST_ACCESS: ("POST", ("access-request", TYPE)),
    Operation.CANCEL_ACCESS: ("DELETE", ("access-request", ID)),
    Operation.AVAILABILITY: ("GET", ("object-availability-check", TYPE)),
    Operation.COMPACT: ("POST", ("compaction",)),
}
"""In order of preference: the literal ``logs`` wins over an identifier, for GET only."""

_WITH_SLASHES = frozenset({Operation.PUT, Operation.DELETE, Operation.EXISTS, Operation.METADATA})
"""Routes whose identifier takes slashes, to be refused as a name and not as a path (5.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation on what its path names."""

    operation: Operation
    category: Category | None = None
    identifier: str | None = None
    """Of an object or an access request; not checked."""

    @property
    def method(self) -> str:
        """The method, in upper case."""
        return _TABLE[self.operation][0]

    @property
    def path(self) -> str:
        """The path before percent-encoding: what is signed."""
        return "/".join((BASE, *self._segments()))

    @property
    def target(self) -> str:
        """The path as it is sent."""
        return quote(self.path, safe="/@")

    def _segments(self) -> Iterator[str]:
        for segment in _TABLE[self.operation][1]:
            if segment == TYPE:
                yield _given(self.category).name
            elif segment == ID:
                yield _given(self.identifier)
            else:
                yield segment


def _given(part: _Part | None) -> _Part:
    if part is None:
        raise NoRouteError("the operation needs a category, an identifier, or both")
    return part


def parse_route(method: str, target: str) -> Route:
    """Read a request's method and target.

    Args:
        method: exactly as HTTP has it, in upper case.
        target: path and query as they were sent; the query is not looked at.

    Raises:
        NoRouteError: no such path, or a category that does not exist.
        MethodError: a path of the protocol, and not one of its methods.
    """
    segments = _segments_of(target.partition("?")[0])
    matching = list(_matching(segments))
    for route in matching:
        if route.method == method:
            return route
    # A path with slashes in its name is one for the methods that take it, and none for others.
    plain = [route for route in matching if "/" not in (route.identifier or "")]
    if plain:
        allowed = frozenset(route.method for route in plain)
        raise MethodError(f"this resource takes {', '.join(sorted(allowed))}", allowed=allowed)
    raise NoRouteError("no resource of the offer protocol has this path")


def _segments_of(path: str) -> list[str]:
    if not path.startswith(f"{BASE}/"):
        raise NoRouteError(f"paths of the offer protocol begin with {BASE}/")
    try:
        # Cut first, decoded after: an escaped slash is part of a name, and refused as one.
        return [unquote(part, errors="strict") for part in path[len(BASE) + 1 :].split("/")]
    except UnicodeDecodeError as error:
        raise NoRouteError("the path is not UTF-8") from error


def _matching(segments: list[str]) -> Iterator[Route]:
    for operation, (_, pattern) in _TABLE.items():
        route = _match(operation, pattern, segments)
        if route is not None:
            yield route


def _match(operation: Operation, pattern: tuple[str, ...], segments: list[str]) -> Route | None:
    if operation in _WITH_SLASHES:
        segments = _with_one_identifier(pattern, segments)
    if len(segments) != len(pattern):
        return None
    category, identifier = None, None
    for wanted, segment in zip(pattern, segments, strict=True):
        if wanted == TYPE:
            category = category_named(segment)
            if category is None:
                return None
        elif wanted == ID:
            identifier = segment
        elif wanted != segment:
            return None
    # An empty name is no name: `/objects/UNIT//metadatas` is not found.
    if identifier == "":
        return None
    return Route(operation=operation, category=category, identifier=identifier)


def _with_one_identifier(pattern: tuple[str, ...], segments: list[str]) -> list[str]:
    after = len(pattern) - pattern.index(ID) - 1
    first, last = pattern.index(ID), len(segments) - after
    return [*segments[:first], "/".join(segments[first:last]), *segments[last:]]
