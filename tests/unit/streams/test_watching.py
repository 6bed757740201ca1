"""Streams that watch what passes, and copies that digest it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import (
    Buffer,
    DigestAlgorithm,
    DigestMismatchError,
    ObjectCorruptError,
    ObjectRef,
    PutRequest,
    SizeMismatchError,
    SourceError,
)
from coffre.streams import (
    BoundedStream,
    BytesContent,
    Copied,
    VerifyingStream,
    check_received,
    copy_digesting,
)
from tests.unit.streams.support import Pieces, Trickle

SHA512, MD5 = DigestAlgorithm.SHA512, DigestAlgorithm.MD5
TEXT = b"the charter of 1215"
TRUE = SHA512.of(TEXT)
CHUNKS = st.lists(st.binary(min_size=1), max_size=8)


# --- a length to be kept ------------------------------------------------------------------


@given(CHUNKS, st.integers(0, 60))
def test_exactly_the_size_or_an_error(chunks: list[bytes], size: int) -> None:
    data = b"".join(chunks)
    stream = BoundedStream(Pieces(*chunks), size, ObjectCorruptError)

    if len(data) == size:
        assert stream.read() == data
    else:
        with pytest.raises(ObjectCorruptError):
            stream.read()


def test_a_cut_is_never_taken_for_an_end() -> None:
    stream = BoundedStream(Pieces(TEXT[:5]), len(TEXT), ObjectCorruptError)

    assert stream.read(100) == TEXT[:5]
    with pytest.raises(ObjectCorruptError, match="5 bytes were read, 19 were expected"):
        stream.read(100)
    with pytest.raises(SourceError):
        stream.read(100)


def test_what_comes_after_the_size_is_not_given() -> None:
    stream = BoundedStream(Pieces(b"abc", b"def"), 4, ObjectCorruptError)

    assert stream.read(3) == b"abc"
    with pytest.raises(ObjectCorruptError, match="more than the expected 4"):
        stream.read(3)


def test_a_stranger_is_watched_like_one_of_ours() -> None:
    assert BoundedStream(Trickle(TEXT, 3).open(), 19, ObjectCorruptError).read() == TEXT
    assert not BoundedStream(Trickle(TEXT).open(), 19, ObjectCorruptError).attests(SHA512)


def test_what_is_attested_underneath_is_attested() -> None:
    stream = BoundedStream(BytesContent(TEXT).open(), 19, ObjectCorruptError)
    stream.read()

    assert stream.attests(SHA512)
    assert stream.attested(SHA512) == TRUE


def test_closing_closes_what_is_underneath() -> None:
    inner = Pieces(TEXT)
    with VerifyingStream(inner, 19, TRUE, ObjectCorruptError):
        pass

    assert inner.closed == 1


# --- a digest to be met -------------------------------------------------------------------


@given(CHUNKS, CHUNKS, st.integers(1, 50))
def test_who_has_all_the_bytes_has_the_right_ones(
    held: list[bytes], expected: list[bytes], step: int
) -> None:
    """Even by length, never asking for the end."""
    right = b"".join(expected)
    stream = VerifyingStream(Pieces(*held), len(right), SHA512.of(right), ObjectCorruptError)
    read = b""

    try:
        while len(read) < len(right) and (piece := stream.read(min(step, len(right) - len(read)))):
            read += piece
    except ObjectCorruptError:
        pass

    assert len(read) < len(right) or read == right


@given(CHUNKS, CHUNKS)
def test_who_reads_to_the_end_meets_the_verdict(held: list[bytes], expected: list[bytes]) -> None:
    right = b"".join(expected)
    stream = VerifyingStream(Pieces(*held), len(right), SHA512.of(right), ObjectCorruptError)

    if b"".join(held) == right:
        assert stream.read() == right
        assert stream.attested(SHA512) == SHA512.of(right)
    else:
        with pytest.raises(ObjectCorruptError):
            stream.read()


def test_one_flipped_bit_is_seen_before_the_last_chunk_is_given() -> None:
    stream = VerifyingStream(Pieces(b"the charter", b" of 1214"), 19, TRUE, ObjectCorruptError)

    assert stream.read(100) == b"the charter"
    with pytest.raises(ObjectCorruptError, match=f"{TRUE} was expected"):
        stream.read(100)


def test_a_verdict_not_reached_attests_nothing() -> None:
    stream = VerifyingStream(Pieces(TEXT), 19, TRUE, ObjectCorruptError)

    assert stream.attests(SHA512)
    assert not stream.attests(MD5)
    with pytest.raises(LookupError):
        stream.attested(SHA512)


def test_the_expected_digest_may_be_known_at_the_end_only() -> None:
    stream = VerifyingStream(Pieces(TEXT), 19, lambda: TRUE, ObjectCorruptError, SHA512)
    assert stream.read() == TEXT

    nameless = VerifyingStream(Pieces(TEXT), 19, lambda: TRUE, ObjectCorruptError)
    with pytest.raises(TypeError, match="algorithm"):
        nameless.read()


# --- copies -------------------------------------------------------------------------------


@given(CHUNKS, st.sampled_from(list(DigestAlgorithm)))
def test_a_copy_says_what_passed(chunks: list[bytes], algorithm: DigestAlgorithm) -> None:
    data = b"".join(chunks)
    for stream in (Pieces(*chunks), Trickle(data, 3).open(), BytesContent(data).open()):
        written: list[Buffer] = []  # none of these streams fills a buffer again

        copied = copy_digesting(stream, written.append, algorithm)

        assert copied == Copied(len(data), algorithm.of(data))
        assert b"".join(written) == data


def test_what_is_attested_is_not_digested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    content = BytesContent(TEXT, TRUE)
    monkeypatch.setattr(DigestAlgorithm, "new", lambda _: pytest.fail("digested again"))

    assert copy_digesting(content.open(), lambda _: None, SHA512).digest is TRUE


def test_what_attests_another_algorithm_is_digested() -> None:
    stream = VerifyingStream(Pieces(TEXT), 19, TRUE, ObjectCorruptError)

    assert copy_digesting(stream, lambda _: None, MD5).digest == MD5.of(TEXT)


@pytest.mark.parametrize("at_most", [0, 1, 18])
def test_a_copy_stops_before_it_writes_too_much(at_most: int) -> None:
    written: list[Buffer] = []

    with pytest.raises(SizeMismatchError, match=f"more than the {at_most} bytes"):
        copy_digesting(Trickle(TEXT, 1).open(), written.append, SHA512, at_most=at_most)

    assert sum(map(len, written)) <= at_most


def request(size: int = 19, **changes: object) -> PutRequest:
    ref = ObjectRef(tenant=0, container="object", identifier="charter")
    return PutRequest(ref=ref, content=BytesContent(TEXT), size=size, **changes)  # type: ignore[arg-type]


def test_what_was_announced_is_accepted() -> None:
    check_received(request(), Copied(19, TRUE))
    check_received(request(expected=TRUE), Copied(19, TRUE))


def test_what_was_not_announced_is_refused_about_its_object() -> None:
    with pytest.raises(SizeMismatchError) as size:
        check_received(request(20, expected=TRUE), Copied(19, TRUE))
    with pytest.raises(DigestMismatchError) as digest:
        check_received(request(expected=SHA512.of(b"")), Copied(19, TRUE))

    assert str(size.value.ref) == str(digest.value.ref) == "0/object/charter"
