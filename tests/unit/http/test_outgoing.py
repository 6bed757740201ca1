"""Bodies as they leave: what stays in memory is not copied, what is only lent is, at its end."""

from __future__ import annotations

from collections.abc import Iterator

from coffre.contract import SizeMismatchError
from coffre.http.outgoing import Outgoing


def given_by(body: Outgoing, size: int) -> memoryview:
    found = body.give(size)
    assert isinstance(found, memoryview)
    return found


def test_a_body_in_memory_is_not_copied() -> None:
    data = bytearray(b"a part of a large object")
    body = Outgoing()
    body.begin((data,), len(data))
    given = given_by(body, 1 << 20)
    data[0:1] = b"A"
    assert bytes(given) == b"A part of a large object"


def test_the_last_bytes_of_a_source_are_kept_while_it_is_asked_for_its_end() -> None:
    lent = bytearray(b"lent")

    def source() -> Iterator[bytearray]:
        yield lent
        lent[:] = b"gone"

    body = Outgoing()
    body.begin(source(), 4)
    assert bytes(given_by(body, 100)) == b"lent"


def test_a_body_in_memory_of_another_length_is_refused_too() -> None:
    for chunks, length in (((b"longer",), 3), ((b"abc", b"d"), 3), ((b"ab",), 3)):
        body = Outgoing()
        body.begin(chunks, length)
        while isinstance(given := body.give(100), memoryview) and given:
            pass
        assert isinstance(body.failure, SizeMismatchError)


def test_a_source_that_fails_never_gives_its_last_bytes() -> None:
    def source() -> Iterator[bytes]:
        yield b"all of it"
        raise OSError("and then it failed")

    body = Outgoing()
    body.begin(source(), 9)
    assert not isinstance(body.give(100), memoryview)
    assert isinstance(body.failure, OSError)
