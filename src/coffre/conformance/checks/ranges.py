"""Checks of ranges: exactly the bytes asked for, or a refusal."""

from __future__ import annotations

from coffre.conformance.bench import Bench
from coffre.conformance.broken import raises, same
from coffre.conformance.check import check, check_each
from coffre.conformance.contents import some_bytes
from coffre.contract import InvalidRangeError
from coffre.streams import CHUNK, read_exactly

SIZE = 1000
INSIDE = (
    (0, None),
    (0, 0),
    (0, 1),
    (0, 999),
    (0, 1000),
    (1, None),
    (1, 999),
    (17, 500),
    (500, 0),
    (998, 1),
    (999, None),
    (999, 1),
    (1000, None),
    (1000, 0),
)
"""Ranges of an object of a thousand bytes."""
OUTSIDE = ((0, 1001), (999, 2), (1000, 1), (1001, None), (1001, 0), (2**40, None), (2**40, 1))
"""Ranges that reach beyond it."""


@check_each("range-read.exact", INSIDE)
def a_range_is_exactly_the_bytes_asked_for(bench: Bench, case: tuple[int, int | None]) -> None:
    """Of an object of a thousand bytes: from, and how many."""
    offset, length = case
    data = some_bytes(SIZE)
    with bench.session() as session:
        session.put("it", data)
        with session.get("it", offset=offset, length=length) as result:
            wanted = data[offset : None if length is None else offset + length]
            same(result.stream.read(), wanted, "the bytes read")
            same(result.stream.read(1), b"", "what is read after the end of the range")
            same(result.size, SIZE, "the size of the whole object")


@check("range-read.exact")
def ranges_of_a_large_object_are_exact(bench: Bench) -> None:
    """Around the edges of mebibytes, and some drawn by chance; read in pieces."""
    data = some_bytes(3 * CHUNK + 7)
    cases = [(CHUNK - 1, 2), (CHUNK, CHUNK), (CHUNK + 1, CHUNK + 1), (len(data) - 1, 1)]
    for _ in range(8):
        offset = bench.random.randrange(len(data))
        cases.append((offset, bench.random.randrange(len(data) - offset + 1)))
    with bench.session() as session:
        session.put("it", data)
        for offset, length in cases:
            with session.get("it", offset=offset, length=length) as result:
                begun = read_exactly(result.stream, min(10, length))
                found = begun + result.stream.read()
            same(found, data[offset : offset + length], f"{length} bytes from {offset} on")


@check("range-read.exact")
def ranges_of_an_empty_object_are_empty(bench: Bench) -> None:
    """From its beginning, which is its end."""
    with bench.session() as session:
        session.put("it", b"")
        same(session.read("it", length=0), b"", "no bytes from the beginning")
        same(session.read("it"), b"", "all bytes")


@check_each("range-read.outside", OUTSIDE)
def a_range_outside_the_object_is_refused(bench: Bench, case: tuple[int, int | None]) -> None:
    """Of an object of a thousand bytes: nothing is given, not even the part that is there."""
    offset, length = case
    with bench.session() as session:
        session.put("it", some_bytes(SIZE))
        with raises(InvalidRangeError, f"a get from {offset}, of {length} bytes"):
            session.get("it", offset=offset, length=length).stream.close()
        same(session.read("it"), some_bytes(SIZE), "the bytes read afterwards")
