"""Routes: one row for each resource of section 8, there and back, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.wire import (
    CATEGORIES,
    Category,
    MethodError,
    NoRouteError,
    Operation,
    Route,
    category_named,
    parse_route,
)

OBJECT, UNIT = category_named("OBJECT"), category_named("UNIT")

ROWS = [
    ("8.1", "GET", "/status", Route(operation=Operation.STATUS)),
    ("8.1", "GET", "/tenants", Route(operation=Operation.TENANTS)),
    ("8.2", "HEAD", "/objects/OBJECT", Route(operation=Operation.CAPACITY, category=OBJECT)),
    ("8.3", "GET", "/objects/UNIT", Route(operation=Operation.LIST, category=UNIT)),
    ("8.4", "GET", "/objects/UNIT/logs", Route(operation=Operation.LOG, category=UNIT)),
    (
        "8.5",
        "GET",
        "/objects/OBJECT/a.b@c",
        Route(operation=Operation.GET, category=OBJECT, identifier="a.b@c"),
    ),
    (
        "8.6",
        "PUT",
        "/objects/OBJECT/doc1",
        Route(operation=Operation.PUT, category=OBJECT, identifier="doc1"),
    ),
    ("8.7", "PUT", "/bulk/objects/UNIT", Route(operation=Operation.BULK_PUT, category=UNIT)),
    (
        "8.8",
        "DELETE",
        "/objects/UNIT/doc1",
        Route(operation=Operation.DELETE, category=UNIT, identifier="doc1"),
    ),
    (
        "8.9",
        "HEAD",
        "/objects/UNIT/doc1",
        Route(operation=Operation.EXISTS, category=UNIT, identifier="doc1"),
    ),
    (
        "8.10",
        "GET",
        "/objects/UNIT/doc1/metadatas",
        Route(operation=Operation.METADATA, category=UNIT, identifier="doc1"),
    ),
    (
        "8.11",
        "GET",
        "/bulk/objects/OBJECT/metadata",
        Route(operation=Operation.BULK_METADATA, category=OBJECT),
    ),
    (
        "8.12",
        "POST",
        "/access-request/OBJECT",
        Route(operation=Operation.REQUEST_ACCESS, category=OBJECT),
    ),
    ("8.13", "GET", "/access-request/statuses", Route(operation=Operation.ACCESS_STATUS)),
    (
        "8.14",
        "DELETE",
        "/access-request/aeaq",
        Route(operation=Operation.CANCEL_ACCESS, identifier="aeaq"),
    ),
    (
        "8.15",
        "GET",
        "/object-availability-check/OBJECT",
        Route(operation=Operation.AVAILABILITY, category=OBJECT),
    ),
    ("8.16", "POST", "/compaction", Route(operation=Operation.COMPACT)),
]


def test_every_operation_has_its_row() -> None:
    assert {row[3].operation for row in ROWS} == set(Operation)


@pytest.mark.parametrize(("section", "method", "path", "route"), ROWS)
def test_a_route_is_read_and_built_as_its_section_says(
    section: str, method: str, path: str, route: Route
) -> None:
    assert parse_route(method, f"/offer/v1{path}") == route
    assert (route.method, route.path, route.target) == (method, f"/offer/v1{path}", route.path)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1)


@given(
    st.sampled_from([Operation.GET, Operation.PUT, Operation.DELETE, Operation.METADATA]),
    st.sampled_from(CATEGORIES),
    NAMES.filter(lambda name: name not in {"logs", "metadatas"}),
)
def test_any_name_comes_back_through_a_target(
    operation: Operation, category: Category, name: str
) -> None:
    route = Route(operation=operation, category=category, identifier=name)

    assert parse_route(route.method, route.target) == route


def test_the_query_is_not_part_of_the_path() -> None:
    assert parse_route("GET", "/offer/v1/status?verbose=1").operation is Operation.STATUS


def test_logs_is_a_literal_for_get_and_a_name_for_others() -> None:
    path = "/offer/v1/objects/OBJECT/logs"

    assert parse_route("GET", path).operation is Operation.LOG
    for method in ("PUT", "DELETE", "HEAD"):
        assert parse_route(method, path).identifier == "logs"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
@pytest.mark.parametrize("name", ["a/b", "/", "../secret", "a%2Fb", "%2e%2e/x"])
def test_a_name_with_slashes_is_a_name_to_refuse(method: str, name: str) -> None:
    """Section 5.3: refused as a name, since the answer is another than to a path nobody knows."""
    found = parse_route(method, f"/offer/v1/objects/OBJECT/{name}")

    assert found.identifier is not None
    assert "/" in found.identifier


@pytest.mark.parametrize(
    "target",
    [
        "/offer/v1/objects/OBJECT/a/b",  # 5.3, GET
        "/offer/v1/objects/UNIT//metadatas",  # 8.10
        "/offer/v1/objects/UNIT/",
        "/offer/v1/objects/object/doc1",  # 5.1: upper case, exact
        "/offer/v1/objects/NOTHING",
        "/offer/v1/objects/null/doc1",  # 10.2: what a client sends for an unknown folder
        "/offer/v1/objects",
        "/offer/v1/",
        "/offer/v1",
        "/offer/v1/status/",
        "/offer/v2/status",
        "/status",
        "offer/v1/status",
        "*",
        "",
        "/offer/v1/objects/OBJECT/%ff",
        "/offer/v1/access-request/",
        "/offer/v1/count/OBJECT",  # 8.17: in old documents only
    ],
)
def test_a_path_that_is_none_is_not_found(target: str) -> None:
    with pytest.raises(NoRouteError):
        parse_route("GET", target)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/objects/OBJECT", {"GET", "HEAD"}),
        ("POST", "/objects/OBJECT/doc1", {"GET", "HEAD", "PUT", "DELETE"}),
        ("PATCH", "/status", {"GET"}),
        ("GET", "/compaction", {"POST"}),
        ("get", "/status", {"GET"}),
    ],
)
def test_a_method_that_a_resource_does_not_know_is_told_with_those_it_knows(
    method: str, path: str, allowed: set[str]
) -> None:
    with pytest.raises(MethodError) as caught:
        parse_route(method, f"/offer/v1{path}")

    assert caught.value.allowed == allowed


def test_a_route_without_what_its_path_names_cannot_be_built() -> None:
    with pytest.raises(NoRouteError):
        _ = Route(operation=Operation.GET, category=OBJECT).path
    with pytest.raises(NoRouteError):
        _ = Route(operation=Operation.LIST).target


@given(st.text(max_size=60), st.text(max_size=80))
def test_nothing_that_is_asked_surprises(method: str, rest: str) -> None:
    for target in (rest, f"/offer/v1/{rest}", f"/offer/v1/objects/OBJECT/{rest}"):
        try:
            parse_route(method, target)
        except (NoRouteError, MethodError):
            continue
