"""Many objects in one body: section 6.3, byte by byte, and every way of being wrong."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import CoffreError, DigestAlgorithm, SizeMismatchError, SourceError
from coffre.streams import BytesContent, OnceContent, ReadableStream, chunks_of
from coffre.wire import BodyError, BodyLengthError, BulkBody, BulkItem, BulkReader
from coffre.wire.bulk import PIECE
from tests.unit.wire.support import Arriving

SHA512 = DigestAlgorithm.SHA512

EXAMPLE = bytes.fromhex(
    "00 00 00 00 00 00 00 0f  5b 22 64 6f 63 31 22 2c 22 64 6f 63 32 22 5d"
    "00 00 00 00 00 00 00 05  68 65 6c 6c 6f"
    "00 00 00 00 00 00 00 00"
    "ff ff ff ff ff ff ff ff"
)
TWO = [("doc1", b"hello"), ("doc2", b"")]

OBJECTS = st.lists(
    st.tuples(st.text("abc09_@-.", min_size=1, max_size=9), st.binary(max_size=60)), max_size=6
)


def body_of(objects: Sequence[tuple[str, bytes]]) -> BulkBody:
    return BulkBody(
        [
            BulkItem(identifier=name, size=len(data), content=BytesContent(data))
            for name, data in objects
        ],
        SHA512,
    )


def received(
    data: bytes, *, announced: int | None = None, step: int = 7
) -> Iterator[tuple[str, bytes]]:
    length = len(data) if announced is None else announced
    for part in BulkReader(Arriving(data, step), length):
        yield part.identifier, part.read()


def entry(data: bytes) -> bytes:
    return len(data).to_bytes(8, "big") + data


NAMES, HELLO, EMPTY, END = entry(b'["doc1","doc2"]'), entry(b"hello"), entry(b""), b"\xff" * 8


def test_the_worked_example_is_written() -> None:
    body = body_of(TWO)

    with body.open() as stream:
        assert stream.read() == EXAMPLE
    assert body.size == len(EXAMPLE) == 52


@pytest.mark.parametrize("step", [1, 3, 8, 1000])
def test_the_worked_example_is_read(step: int) -> None:
    assert list(received(EXAMPLE, step=step)) == TWO


@given(OBJECTS, st.integers(1, 100))
def test_objects_come_back_however_the_body_is_cut_in_pieces(
    objects: list[tuple[str, bytes]], step: int
) -> None:
    body = body_of(objects)
    with body.open() as stream:
        data = stream.read()

    assert len(data) == body.size
    assert list(received(data, step=step)) == objects


@given(OBJECTS)
def test_digests_are_those_of_the_bytes_that_passed(objects: list[tuple[str, bytes]]) -> None:
    plain = [
        BulkItem(identifier=name, size=len(data), content=OnceContent(Arriving(data)))
        for name, data in objects
    ]
    for items in (body_of(objects), BulkBody(plain, SHA512)):
        stream = items.open()
        stream.read()
        assert stream.digests == [SHA512.of(data) for _, data in objects]


def test_a_body_can_be_sent_again() -> None:
    body = body_of(TWO)

    assert body.open().read() == body.open().read()


@pytest.mark.parametrize("length", range(len(EXAMPLE)))
@pytest.mark.parametrize("announced", [None, len(EXAMPLE)])
def test_a_body_cut_anywhere_is_refused_and_gives_whole_objects_only(
    length: int, announced: int | None
) -> None:
    whole: list[tuple[str, bytes]] = []

    with pytest.raises((BodyError, BodyLengthError)):
        whole.extend(received(EXAMPLE[:length], announced=announced))

    assert whole == TWO[: len(whole)]


@pytest.mark.parametrize("announced", [0, 1, 8, 51, 53, 102, 10**12])
def test_a_body_of_another_length_than_announced_is_refused(announced: int) -> None:
    with pytest.raises((BodyError, BodyLengthError)):
        list(received(EXAMPLE, announced=announced))


def test_a_small_body_longer_than_announced_gives_nothing_at_all() -> None:
    with pytest.raises(BodyLengthError, match="more"):
        BulkReader(Arriving(EXAMPLE, 1000), len(EXAMPLE) - 1)


@pytest.mark.parametrize(
    ("case", "data", "kind"),
    [
        ("after the end mark", EXAMPLE + b"x", BodyError),
        ("two end marks", EXAMPLE + END, BodyError),
        ("no end mark", NAMES + HELLO + EMPTY, BodyLengthError),
        ("an object too few", NAMES + HELLO + END, BodyError),
        ("no object", NAMES + END, BodyError),
        ("an object too many", NAMES + HELLO + EMPTY + EMPTY + END, BodyError),
        ("size -2", NAMES + b"\xff" * 7 + b"\xfe" + END, BodyError),
        ("smallest size", NAMES + b"\x80" + bytes(7) + END, BodyError),
        ("largest size", NAMES + b"\x7f" + b"\xff" * 7 + END, BodyLengthError),
        ("size that swallows the end", NAMES + (9).to_bytes(8, "big") + END, BodyLengthError),
        ("no names but the end", END, BodyError),
        ("negative names", b"\xff" * 7 + b"\xfe" + END, BodyError),
        ("empty names", entry(b"") + END, BodyError),
        ("names that are null", entry(b"null") + END, BodyError),
        ("names that are an object", entry(b"{}") + END, BodyError),
        ("names that are text", entry(b'"doc1"') + END, BodyError),
        ("names that are numbers", entry(b"[1]") + HELLO + END, BodyError),
        ("a name that is null", entry(b"[null]") + HELLO + END, BodyError),
        ("names that are cut", entry(b'["doc1"') + HELLO + END, BodyError),
        ("names in no UTF-8", entry(b'["\xff"]') + HELLO + END, BodyError),
        ("names too deep", entry(b"[" * 100_000) + END, BodyError),
        ("nothing", b"", BodyLengthError),
    ],
)
def test_a_malformed_body_is_refused(case: str, data: bytes, kind: type[CoffreError]) -> None:
    with pytest.raises(kind):
        list(received(data, step=1000))


@pytest.mark.parametrize(
    ("names", "identifiers"),
    [
        (b' [ "doc1" ,\n"doc2" ] ', ("doc1", "doc2")),
        (b"[]", ()),
        (b'["doc1","doc1"]', ("doc1", "doc1")),
        (b'["../x"]', ("../x",)),
    ],
)
def test_names_are_given_as_they_are_for_whoever_knows_which_are_allowed(
    names: bytes, identifiers: tuple[str, ...]
) -> None:
    data = entry(names) + b"".join(EMPTY for _ in identifiers) + END

    assert BulkReader(Arriving(data), len(data)).identifiers == identifiers


def test_names_are_known_before_the_first_object_is_read() -> None:
    body = Arriving(EXAMPLE, 1)

    assert BulkReader(body, len(EXAMPLE)).identifiers == ("doc1", "doc2")
    assert body.position <= len(NAMES) + 1


def test_more_names_than_are_kept_are_refused_unread() -> None:
    body = Arriving(EXAMPLE, 1)

    with pytest.raises(BodyError, match="from 0 to 14"):
        BulkReader(body, len(EXAMPLE), most_names=14)

    assert body.position < 10


def test_what_nobody_reads_of_an_object_is_passed_over() -> None:
    names = []
    for part in BulkReader(Arriving(EXAMPLE, 4), len(EXAMPLE)):
        names.append(part.identifier)
        part.read(1)

    assert names == ["doc1", "doc2"]


def test_an_object_says_how_long_it_is_before_it_is_read() -> None:
    assert [part.size for part in BulkReader(Arriving(EXAMPLE), len(EXAMPLE))] == [5, 0]


@pytest.mark.parametrize("given_size", [4, 6])
def test_a_source_of_another_size_ends_the_body(given_size: int) -> None:
    item = BulkItem(identifier="doc1", size=given_size, content=BytesContent(b"hello"))
    body = BulkBody([item], SHA512)
    sent: list[bytes] = []

    with pytest.raises(SizeMismatchError, match="doc1"):
        sent.extend(bytes(chunk) for chunk in body.open().chunks())

    with pytest.raises((BodyError, BodyLengthError)):
        list(received(b"".join(sent), announced=body.size))


def test_a_source_that_fails_fails_as_it_did() -> None:
    class Failing(ReadableStream):
        def chunks(self) -> Iterator[bytes]:
            yield b"he"
            raise SourceError("gone")

    stream = BulkBody(
        [BulkItem(identifier="doc1", size=5, content=OnceContent(Failing()))], SHA512
    ).open()

    with pytest.raises(SourceError, match="gone"):
        stream.read()
    assert stream.digests == []


def test_closing_early_closes_the_object_that_is_being_read() -> None:
    source = Arriving(bytes(3 * PIECE), PIECE)
    item = BulkItem(identifier="doc1", size=3 * PIECE, content=OnceContent(source))
    stream = BulkBody([item], SHA512).open()
    stream.read(10)
    stream.read(PIECE)

    stream.close()

    assert source.closed


def test_small_objects_are_sent_together() -> None:
    chunks = list(body_of([(f"doc{number}", b"x" * 100) for number in range(2000)]).open().chunks())

    assert all(len(chunk) >= PIECE for chunk in chunks[:-1])


def test_neither_end_keeps_more_than_a_piece() -> None:
    size = 64 * 1024 * 1024
    zeros = bytes(1024 * 1024)

    class Zeros(ReadableStream):
        def chunks(self) -> Iterator[bytes]:
            return iter([zeros] * (size // len(zeros)))

    body = BulkBody(
        [BulkItem(identifier="a", size=size, content=OnceContent(Zeros()))], DigestAlgorithm.MD5
    )
    tracemalloc.start()
    for part in BulkReader(body.open(), body.size):
        assert sum(len(chunk) for chunk in chunks_of(part)) == size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * 1024 * 1024


@given(st.binary(max_size=80), st.integers(0, 90))
def test_no_bytes_surprise_the_reader(data: bytes, announced: int) -> None:
    try:
        list(received(data, announced=announced))
    except (BodyError, BodyLengthError):
        return
    assert data.endswith(END)


@given(OBJECTS, st.data())
def test_a_byte_that_changes_is_refused_or_changes_what_is_given(
    objects: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    """It carries no digest: what changes inside a content is for the digests of the answer."""
    body = bytearray(body_of(objects).open().read())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= data.draw(st.integers(1, 255))

    try:
        found = list(received(bytes(body)))
    except (BodyError, BodyLengthError):
        return
    assert found != objects
