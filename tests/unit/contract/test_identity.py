"""References are well formed or do not exist."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from coffre.contract import (
    InvalidReferenceError,
    InvalidRequestError,
    ListRequest,
    ObjectRef,
    check_name,
)
from coffre.contract.identity import MAX_TENANT, RESERVED_IDENTIFIERS

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@-"
WORDS = st.text(ALPHABET, min_size=1, max_size=20)
NAMES = st.lists(WORDS, min_size=1, max_size=8).map(".".join).filter(lambda n: len(n) <= 255)


def in_grammar(text: str) -> bool:
    """The grammar, written a second time and another way."""
    words = text.split(".")
    return len(text) <= 255 and all(word and set(word) <= set(ALPHABET) for word in words)


def ref(tenant: object = 0, container: object = "object", identifier: object = "x") -> ObjectRef:
    """A reference made of whatever is given: strangers do not read annotations."""
    make: Callable[..., ObjectRef] = ObjectRef
    return make(tenant=tenant, container=container, identifier=identifier)


@given(NAMES)
@example("x")
@example("-")
@example("@")
@example("x" * 255)
@example(".".join("x" * 128))
@example("CON")
def test_every_name_of_the_grammar_makes_a_reference(name: str) -> None:
    assume(name not in RESERVED_IDENTIFIERS)

    made = ref(container=name, identifier=name)

    assert str(made) == f"0/{name}/{name}"
    assert ObjectRef.parse(str(made)) == made


HOSTILE = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "/etc/passwd",
    "a\\b",
    "a\0",
    "\0",
    "a\n",
    "\na",
    "a\r\n",
    "a ",
    " a",
    "a\t",
    ".a",
    "a.",
    "a..b",
    "x" * 256,
    "é",
    "ａ",  # full-width a
    "а",  # Cyrillic a
    "a\u0301",
    "a\u200b",
    "a\u202eb",
    "١",  # an Arabic digit
    "²",
    "\u017f",  # a long s, which raises to S
    "\u212a",  # the Kelvin sign, which lowers to k
    "\ud800",
    "a:b",
    "a*",
    "a?",
    "a%2Fb",
    "a+b",
    "a~",
    "$HOME",
    "a;b",
    "a'b",
    'a"b',
    "a`b",
    "a|b",
    "<a>",
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_makes_no_reference(name: str) -> None:
    for part in ("container", "identifier"):
        with pytest.raises(InvalidReferenceError, match=part):
            ref(**{part: name})
    with pytest.raises(InvalidReferenceError):
        ListRequest(tenant=0, container=name)


@given(st.text() | st.text(ALPHABET + "./\\\0\n ", max_size=300))
def test_exactly_the_grammar_is_accepted(text: str) -> None:
    try:
        check_name(text, "name")
        accepted = True
    except InvalidReferenceError:
        accepted = False

    assert accepted == in_grammar(text)


@given(st.text(), st.text(), st.text())
def test_what_is_accepted_cannot_leave_its_place(tenant: str, one: str, other: str) -> None:
    """Whatever text is read as a reference, its parts are plain path components."""
    try:
        made = ObjectRef.parse(f"{tenant}/{one}/{other}")
    except InvalidReferenceError:
        return
    assert all(
        re.fullmatch(r"[\w@-]+(\.[\w@-]+)*", part, re.ASCII)
        for part in (made.container, made.identifier)
    )


@pytest.mark.parametrize("name", [None, 7, b"x", ["x"], {}, object()])
def test_a_name_that_is_not_text_is_refused(name: object) -> None:
    for part in ("container", "identifier"):
        with pytest.raises(InvalidReferenceError, match="must be text"):
            ref(**{part: name})


@pytest.mark.parametrize(
    "tenant", [-1, MAX_TENANT + 1, 10**5000, True, 1.0, "0", None], ids=lambda t: type(t).__name__
)
def test_a_tenant_outside_its_range_is_refused(tenant: object) -> None:
    with pytest.raises(InvalidReferenceError, match="tenant"):
        ref(tenant=tenant)
    with pytest.raises(InvalidReferenceError, match="tenant"):
        ListRequest(tenant=tenant, container="object")  # type: ignore[arg-type]


@pytest.mark.parametrize("tenant", [0, 1, MAX_TENANT])
def test_the_edges_of_the_tenants_are_accepted(tenant: int) -> None:
    assert ref(tenant=tenant).tenant == tenant


@pytest.mark.parametrize("name", sorted(RESERVED_IDENTIFIERS))
def test_a_route_of_the_protocol_names_no_object_but_may_name_a_container(name: str) -> None:
    with pytest.raises(InvalidReferenceError, match="reserved"):
        ref(identifier=name)
    assert ref(container=name).container == name


@pytest.mark.parametrize(
    "text",
    ["", "x", "0/object", "0/object/x/y", "00/object/x", "+1/object/x", " 0/object/x",
     "-1/object/x", "1e3/object/x", "٣/object/x", "0/object/x\n", "99999999999/object/x"],
)  # fmt: skip
def test_text_that_is_not_a_reference_is_not_read_as_one(text: str) -> None:
    with pytest.raises(InvalidReferenceError):
        ObjectRef.parse(text)


def test_a_reference_never_changes_and_can_be_a_key() -> None:
    made = ref()

    with pytest.raises(AttributeError):
        made.identifier = "../x"  # type: ignore[misc]
    assert {made: 1}[ref()] == 1


@given(st.lists(NAMES.filter(lambda name: name not in RESERVED_IDENTIFIERS)))
def test_the_order_of_references_is_that_of_their_bytes(names: list[str]) -> None:
    refs = [ref(identifier=name) for name in names]

    assert [r.identifier.encode() for r in sorted(refs)] == sorted(n.encode() for n in names)


def test_a_stranger_cannot_grow_what_is_remembered() -> None:
    from coffre.contract import identity

    for number in range(2000):
        ref(container=f"made-up-{number}")

    assert len(identity._known_containers) <= 256


def test_a_listing_has_no_negative_limit() -> None:
    with pytest.raises(InvalidRequestError):
        ListRequest(tenant=0, container="object", limit=-1)
