"""Listings: section 6.2, to the byte; a cut one is never taken for a whole one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import ListEntry, OfferFailedError
from coffre.wire import BodyError, ListingCutError, read_listing, write_listing
from coffre.wire.listings import MAX_LINE, PIECE
from tests.unit.wire.support import cut

EXAMPLE = b'{"objectId":"aeaq0001","size":10}\n{"objectId":"aeaq0002","size":0}\n{}'
TWO = [ListEntry(identifier="aeaq0001", size=10), ListEntry(identifier="aeaq0002", size=0)]

ENTRIES = st.lists(
    st.builds(
        ListEntry,
        identifier=st.text("abcXYZ019_@-.", min_size=1, max_size=12) | st.text(min_size=1),
        size=st.integers(0, 2**63 - 1),
    ),
    max_size=8,
)


def test_a_listing_is_written_as_the_protocol_has_it() -> None:
    assert b"".join(write_listing(TWO)) == EXAMPLE


def test_an_empty_container_is_two_bytes() -> None:
    assert b"".join(write_listing([])) == b"{}"
    assert list(read_listing([b"{}"])) == []


@given(ENTRIES, st.integers(1, 40))
def test_a_listing_comes_back_however_it_is_cut_in_pieces(
    entries: list[ListEntry], step: int
) -> None:
    written = b"".join(write_listing(entries))

    assert list(read_listing(cut(written, step))) == entries


@pytest.mark.parametrize(
    "variant",
    [
        EXAMPLE + b"\n",
        EXAMPLE + b"\r\n",
        EXAMPLE + b"\n\r\n\n",
        EXAMPLE.replace(b"\n", b"\r\n"),
        EXAMPLE.replace(b":", b" : ").replace(b",", b" ,\t"),
        EXAMPLE.replace(b'"size":10', b'"more":[1],"size":10'),
    ],
)
@pytest.mark.parametrize("step", [1, 5, 1000])
def test_what_the_protocol_allows_is_read(variant: bytes, step: int) -> None:
    assert list(read_listing(cut(variant, step))) == TWO


@pytest.mark.parametrize("length", range(len(EXAMPLE)))
def test_a_listing_cut_anywhere_is_refused_and_gives_nothing_made_up(length: int) -> None:
    given_before: list[ListEntry] = []

    with pytest.raises(ListingCutError):
        given_before.extend(read_listing(cut(EXAMPLE[:length], 9)))

    assert given_before == TWO[: len(given_before)]


def test_a_size_that_may_have_been_cut_is_not_given() -> None:
    entries = read_listing([b'{"objectId":"a","size":10}'])

    with pytest.raises(ListingCutError):
        next(entries)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{ }",
        b"[]",
        b"null",
        b'"a"',
        b'{"objectId":"a"}',
        b'{"size":1}',
        b'{"objectId":1,"size":1}',
        b'{"objectId":"a","size":"1"}',
        b'{"objectId":"a","size":1.5}',
        b'{"objectId":"a","size":true}',
        b'{"objectId":"a","size":-1}',
        b'{"objectId":"a","size":01}',
        b'{"objectId":"a","size":9223372036854775808}',
        b'{"objectId":"a","size":1}{}',
        b'{"objectId":"\xff","size":1}',
        b"{objectId:'a',size:1}",
        b"{}{}",
        b"<html>",
        b"[" * 9999,
    ],
)
def test_a_line_that_is_no_entry_is_refused(line: bytes) -> None:
    with pytest.raises(BodyError):
        list(read_listing([line + b"\n", b"{}"]))


@pytest.mark.parametrize("more", [b"\n{}", b'\n{"objectId":"a","size":1}', b"\nx", b"\nx\n"])
def test_nothing_follows_the_end_mark(more: bytes) -> None:
    with pytest.raises(BodyError):
        list(read_listing([EXAMPLE + more]))


def test_a_line_without_end_is_not_kept() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"a" * 4096

    with pytest.raises(BodyError, match=str(MAX_LINE)):
        list(read_listing(endless()))


def test_entries_that_fail_leave_a_listing_without_end_mark() -> None:
    def failing() -> Iterator[ListEntry]:
        yield from TWO
        raise OfferFailedError("disk")

    written: list[bytes] = []
    with pytest.raises(OfferFailedError):
        written.extend(write_listing(failing()))

    with pytest.raises(ListingCutError):
        list(read_listing(written))


def test_a_long_listing_is_written_as_it_is_pulled() -> None:
    pulled = 0

    def many() -> Iterator[ListEntry]:
        nonlocal pulled
        for number in range(10_000):
            pulled += 1
            yield ListEntry(identifier=f"doc{number}", size=number)

    first = next(write_listing(many()))

    assert PIECE <= len(first) < PIECE + 100
    assert pulled < 3000


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_no_bytes_surprise_the_reader(chunks: list[bytes]) -> None:
    try:
        list(read_listing(chunks))
    except BodyError:
        return
    assert b"".join(chunks).strip().endswith(b"{}")
