"""Checks of puts that must not store anything, and of what they leave: nothing."""

from __future__ import annotations

from collections.abc import Callable

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, raises, same
from coffre.conformance.check import check, check_each, check_named
from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.session import DATA
from coffre.contract import (
    CoffreError,
    DigestAlgorithm,
    DigestMismatchError,
    PutRequest,
    SizeMismatchError,
    SourceError,
)
from coffre.streams import CHUNK, BytesContent


def nothing_is_left(bench: Bench, identifier: str) -> None:
    """Hold that nobody, by any way, finds an object or a part of it."""
    with bench.session() as session:
        session.absent(identifier)
        same(session.names(), [], "the container")
    same(bench.at_rest(identifier), None, "the bytes held")


LENGTHS = {
    "none": 0,
    "one-short": 99,
    "one-long": 101,
    "much-longer": 100 + 2 * CHUNK,
}


@check_named("put.size", LENGTHS)
def another_length_is_refused_and_leaves_nothing(bench: Bench, length: int) -> None:
    """A hundred bytes are announced; fewer come, or more."""
    with bench.session() as session, raises(SizeMismatchError, f"{length} bytes for 100"):
        session.pull("it", BytesContent(some_bytes(length)), 100)
    nothing_is_left(bench, "it")


@check_named(
    "put.size",
    {
        "one-short": (3 * CHUNK - 1, 3 * CHUNK),
        "one-long": (3 * CHUNK + 1, 3 * CHUNK),
        "all": (1, 0),
    },
)
def a_large_object_of_another_length_is_refused(bench: Bench, case: tuple[int, int]) -> None:
    """Three mebibytes less or more a byte, and a byte where none was announced."""
    given, announced = case
    with bench.session() as session, raises(SizeMismatchError, f"{given} bytes for {announced}"):
        session.pull("it", BytesContent(some_bytes(given)), announced)
    nothing_is_left(bench, "it")


@check("put.size")
def another_length_does_not_touch_what_is_held(bench: Bench) -> None:
    """Ten bytes are held; nine of them come again, announced as ten."""
    with bench.session() as session:
        session.put("held")
        with raises(CoffreError, "a put of nine bytes announced as ten"):
            session.pull("held", BytesContent(DATA[:-1]), len(DATA))
    same(bench.at_rest("held"), DATA, "the bytes held")


@check_each("put.digest", list(DigestAlgorithm))
def another_digest_is_refused_and_leaves_nothing(bench: Bench, algorithm: DigestAlgorithm) -> None:
    """As many bytes as announced come, and other ones."""
    request = PutRequest(
        ref=bench.ref("it"),
        content=BytesContent(b"other byte"),
        size=10,
        algorithm=algorithm,
        expected=algorithm.of(DATA),
    )
    with bench.session() as session, raises(DigestMismatchError, "a put of other bytes"):
        session.store(request)
    nothing_is_left(bench, "it")


@check("put.digest")
def a_large_object_with_one_bit_wrong_is_refused(bench: Bench) -> None:
    """Three mebibytes, the last bit turned."""
    data = some_bytes(3 * CHUNK)
    wrong = data[:-1] + bytes([data[-1] ^ 1])
    request = PutRequest(
        ref=bench.ref("it"),
        content=BytesContent(wrong),
        size=len(wrong),
        expected=DigestAlgorithm.SHA512.of(data),
    )
    with bench.session() as session, raises(DigestMismatchError, "a put with one bit wrong"):
        session.store(request)
    nothing_is_left(bench, "it")


@check_each("put.source", [0, 1, CHUNK, 2 * CHUNK, 3 * CHUNK])
def a_failing_source_leaves_nothing_and_its_error_passes(bench: Bench, after: int) -> None:
    """The source of three mebibytes raises after so many bytes."""
    error = SourceError("the reader's own error")
    content = ScriptedContent(some_bytes(after), error, size=3 * CHUNK)
    with bench.session() as session:
        with raises(SourceError, "a put whose source fails") as caught:
            session.pull("it", content, content.size)
        expect(caught[0] is error, f"the source's own error was replaced by {caught[0]!r}")
    nothing_is_left(bench, "it")


@check("put.source")
def an_error_that_is_not_ours_passes_as_it_is(bench: Bench) -> None:
    """The source raises a ``ZeroDivisionError``: nobody takes it for the offer's."""
    error = ZeroDivisionError("the reader's own mistake")
    content = ScriptedContent(some_bytes(100), error, size=200)
    with bench.session() as session:
        with raises(ZeroDivisionError, "a put whose source has a mistake") as caught:
            session.pull("it", content, content.size)
        expect(caught[0] is error, f"the source's own error was replaced by {caught[0]!r}")
    nothing_is_left(bench, "it")


@check("put.source")
def an_error_of_the_network_of_the_source_is_not_the_offers(bench: Bench) -> None:
    """The source raises a ``ConnectionResetError``: it is not the session that died."""
    error = ConnectionResetError("the source's own connection")
    content = ScriptedContent(some_bytes(100), error, size=200)
    with bench.session() as session:
        with raises(ConnectionResetError, "a put whose source loses its connection") as caught:
            session.pull("it", content, content.size)
        expect(caught[0] is error, f"the source's own error was replaced by {caught[0]!r}")
        session.put("afterwards")
        session.delete("afterwards")
    nothing_is_left(bench, "it")


@check("put.source")
def an_interrupted_put_leaves_nothing(bench: Bench) -> None:
    """Control-C while the source is read."""
    content = ScriptedContent(some_bytes(CHUNK), KeyboardInterrupt(), size=3 * CHUNK)
    with bench.session() as session, raises(KeyboardInterrupt, "a put that is interrupted"):
        session.pull("it", content, content.size)
    nothing_is_left(bench, "it")


@check("put.source")
def a_put_that_failed_can_be_tried_again(bench: Bench) -> None:
    """A source fails, and the same reference is stored on the same session."""
    content = ScriptedContent(some_bytes(100), SourceError("on purpose"), size=5000)
    with bench.session() as session:
        with raises(SourceError, "a put whose source fails"):
            session.pull("it", content, content.size)
        expect(not session.put("it", some_bytes(5000)).already_there, "said to be there already")
    same(bench.at_rest("it"), some_bytes(5000), "the bytes held")


ENDINGS: dict[str, Callable[[], ScriptedContent]] = {
    "to-its-end": lambda: ScriptedContent(some_bytes(5000)),
    "of-nothing": ScriptedContent,
    "that-fails": lambda: ScriptedContent(some_bytes(100), SourceError("on purpose"), size=5000),
    "that-is-short": lambda: ScriptedContent(some_bytes(100), size=5000),
    "that-is-long": lambda: ScriptedContent(some_bytes(5000), size=100),
}


@check_named("put.content", ENDINGS)
def every_stream_that_is_opened_is_closed(
    bench: Bench, make: Callable[[], ScriptedContent]
) -> None:
    """The content counts how often it is opened, and its streams closed."""
    content = make()
    with bench.session() as session:
        try:
            session.pull("it", content, content.size)
        except (SourceError, SizeMismatchError):
            bench.did("the put was refused, as it should be")
    expect(content.opened > 0, "the content was never opened")
    expect(
        content.closed == content.opened,
        f"the content was opened {content.opened} times, and closed {content.closed}",
    )
