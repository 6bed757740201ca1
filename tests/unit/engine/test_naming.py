"""File names become identifiers: valid ones, never shared, and readable back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coffre.contract import InvalidReferenceError, ObjectRef
from coffre.engine.naming import identifier_of, name_metadata, name_of

# Letters that the mapping treats each in its own way, so that they meet often.
AWKWARD = st.text(alphabet="aZ9_-.@/x% \n\x00é", min_size=1, max_size=40).map(str.encode)
LONG = st.text(alphabet="a.@/é", min_size=80, max_size=400).map(str.encode)
NAMES = st.one_of(AWKWARD, LONG, st.binary(min_size=1, max_size=300))


def ref(identifier: str) -> ObjectRef:
    return ObjectRef(tenant=0, container="object", identifier=identifier)


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        (b"charter.txt", "charter.txt"),
        (b"docs/a.md", "docs@@a.md"),
        ("é t.pdf".encode(), "@C3@A9@20t.pdf"),
        (b"me@home", "me@40home"),
        (b".profile", "@2Eprofile"),
        (b"docs/.profile", "docs@@.profile"),
        (b"a..b", "a.@2Eb"),
        (b"end.", "end@2E"),
        (b"..", "@2E@2E"),
        (b".", "@2E"),
        (b"logs", "@6Cogs"),
        (b"metadatas", "@6Detadatas"),
        (b"logs/a", "logs@@a"),
        (b"line\nbreak\x00", "line@0Abreak@00"),
    ],
)
def test_a_name_maps_to_an_identifier_and_back(name: bytes, identifier: str) -> None:
    assert identifier_of(name) == identifier
    assert name_of(identifier) == name


@given(NAMES)
def test_every_name_maps_to_a_valid_identifier(name: bytes) -> None:
    assert ref(identifier_of(name)).identifier == identifier_of(name)


@given(NAMES)
def test_a_name_is_read_back_unless_its_identifier_was_shortened(name: bytes) -> None:
    back = name_of(identifier_of(name))

    assert back == name or (back is None and len(name) > 60)


@given(NAMES, NAMES)
def test_two_names_never_share_an_identifier(one: bytes, other: bytes) -> None:
    assume(one != other)

    assert identifier_of(one) != identifier_of(other)


@given(LONG)
def test_no_short_name_can_be_made_to_look_like_a_shortened_one(name: bytes) -> None:
    shortened = identifier_of(name)
    assume(name_of(shortened) is None)

    # Read as tokens, a shortened identifier would name this; it must map elsewhere.
    start, _, rest = shortened.partition("@x")
    forged = start.replace("@@", "/").encode() + b"/x" + rest.encode()

    assert identifier_of(forged) != shortened


@pytest.mark.parametrize("identifier", ["@41", "a@6c", "@2e", "@2Ea@2E@zz", "@@logs@x", "a@2Eb"])
def test_an_identifier_that_no_name_maps_to_has_no_name(identifier: str) -> None:
    assert name_of(identifier) is None


def test_names_that_differ_after_the_cut_keep_their_own_identifiers() -> None:
    one, other = b"n" * 300 + b"1", b"n" * 300 + b"2"

    assert identifier_of(one)[:150] == identifier_of(other)[:150]
    assert identifier_of(one) != identifier_of(other)


def test_an_empty_name_names_nothing() -> None:
    with pytest.raises(InvalidReferenceError, match="empty name"):
        identifier_of(b"")


def test_metadata_keep_the_name_as_text_that_utf_8_can_write() -> None:
    assert name_metadata("pré.txt".encode()) == {"name": "pré.txt"}


def test_metadata_keep_the_exact_bytes_of_a_name_that_is_no_text() -> None:
    assert name_metadata(b"pr\xe9.txt") == {"name": r"pr\xe9.txt", "name-hex": "7072e92e747874"}


@given(st.binary(min_size=1, max_size=50))
def test_metadata_always_give_the_name_back(name: bytes) -> None:
    kept = name_metadata(name)
    exact = kept.get("name-hex")

    assert name == (kept["name"].encode() if exact is None else bytes.fromhex(exact))
