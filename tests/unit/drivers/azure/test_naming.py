"""Where objects lie: no two references share a blob, whatever they are called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import ObjectRef
from coffre.drivers.azure.naming import METADATA, Layout, ref_aside

NAMES = st.from_regex(r"[A-Za-z0-9_@-]{1,40}(\.[A-Za-z0-9_@-]{1,9}){0,2}", fullmatch=True)
ALLOWED = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")


def ref(container: str = "object", identifier: str = "a", tenant: int = 0) -> ObjectRef:
    return ObjectRef(tenant=tenant, container=container, identifier=identifier)


def test_one_container_holds_everything_under_readable_names() -> None:
    place = Layout("archive", each=False).place_of(ref(identifier="charter.pdf", tenant=12))

    assert place == ("archive", "12/object/charter.pdf")
    assert place.path == "/archive/12/object/charter.pdf"


def test_what_a_url_does_not_take_is_escaped() -> None:
    place = Layout("archive", each=False).place_of(ref(container="a@b", identifier="c@d"))

    assert place.path == "/archive/0/a%40b/c%40d"


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("object", "acme-7-object"),
        ("a-b-2", "acme-7-a-b-2"),
        ("Object", "acme-7-h0-"),
        ("a_b", "acme-7-h0-"),
        ("a--b", "acme-7-h0-"),
        ("-a", "acme-7-h0-"),
        ("h0-x", "acme-7-h0-"),
        ("x" * 255, "acme-7-h0-"),
    ],
)
def test_a_container_of_its_own_is_named_as_the_service_allows(
    container: str, expected: str
) -> None:
    name = Layout("acme", each=True).place_of(ref(container=container, tenant=7)).container

    assert name.startswith(expected)
    assert (name == f"acme-7-{container}") is not expected.endswith("h0-")
    assert ALLOWED.fullmatch(name)


@given(one=NAMES, other=NAMES)
def test_two_names_never_share_a_container(one: str, other: str) -> None:
    layout = Layout("a" * 16, each=True)
    places = {layout.space_of(2**31 - 1, name).container for name in (one, other)}

    assert len(places) == len({one, other})
    assert all(ALLOWED.fullmatch(place) for place in places)


@given(name=NAMES, tenant=st.integers(0, 2**31 - 1))
def test_a_container_tells_its_tenant_and_whether_a_name_is_its_own(name: str, tenant: int) -> None:
    layout = Layout("acme-x", each=True)
    told = layout.tenant_of(layout.space_of(tenant, name).container)

    assert told is not None
    assert told[0] == tenant
    assert layout.holds(*told, name)
    assert not layout.holds(*told, name + "x")


@pytest.mark.parametrize(
    "name", ["acme", "acme-", "acme-7", "acme-07-object", "acme-x-y", "other-7-a"]
)
def test_containers_of_others_are_nobodys(name: str) -> None:
    assert Layout("acme", each=True).tenant_of(name) is None


def test_a_blob_of_ours_tells_what_it_is_about() -> None:
    place = Layout("archive", each=False).aside(METADATA, ref(identifier="a.b"), "f00")

    assert ref_aside(METADATA, place.blob) == ref(identifier="a.b")
    assert ref_aside(METADATA, ".metadata/strange") is None
