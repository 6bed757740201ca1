"""Trials of putting: what must be refused is refused at every size, and leaves nothing."""

from __future__ import annotations

from functools import partial

from coffre.conformance import (
    Bench,
    PlainContent,
    ScriptedContent,
    check,
    check_each,
    expect,
    raises,
    same,
)
from coffre.conformance.session import DATA, Session
from coffre.conformance.together import together
from coffre.contract import (
    DigestAlgorithm,
    DigestMismatchError,
    ObjectConflictError,
    ObjectNotFoundError,
    PutRequest,
    SizeMismatchError,
    SourceError,
)
from coffre.probe.scratch import SIZES, data_of, unless_away
from coffre.streams import BytesContent

WRITERS = 4
"""Creators that race for one reference."""


def held(session: Session, identifier: str) -> bytes | None:
    """The bytes under a reference, read; ``None`` when it holds nothing."""
    try:
        return session.read(identifier)
    except ObjectNotFoundError:
        return None


# --- what is sent is what is held ----------------------------------------------------------------


@check_each("put.whole", SIZES)
def what_was_put_is_read_back(bench: Bench, case: str) -> None:
    """Put and read on sessions of their own; size and digest are those of the bytes sent."""
    data = data_of(bench, case)
    with bench.session() as session:
        result = session.put("it", data, announce=True)
    same(result.size, len(data), "the size in the result")
    same(result.digest, DigestAlgorithm.SHA512.of(data), "the digest in the result")
    with bench.session() as session:
        same(session.read("it"), data, "the bytes read")


@check("put.whole")
def a_source_that_gives_little_is_read_on(bench: Bench) -> None:
    """As pipes and sockets do: fewer bytes than asked for are not the end."""
    data = data_of(bench, "small") * 1000
    with bench.session() as session:
        session.pull("it", PlainContent(data, at_most=777), len(data))
        same(session.read("it"), data, "the bytes read")


@check("put.visible")
def another_session_sees_it_at_once(bench: Bench) -> None:
    """By stat, by get and by list; what was deleted is gone for it as well."""
    for _ in range(5):
        with bench.session() as session:
            session.put("it")
        with bench.session() as other:
            same(other.stat("it").size, len(DATA), "the size by stat")
            same(other.read("it"), DATA, "the bytes read")
            same(other.names(), ["it"], "the container")
            other.delete("it")


# --- what is wrong is refused --------------------------------------------------------------------


@check_each("put.digest", SIZES)
def a_wrong_digest_is_refused(bench: Bench, case: str) -> None:
    """The digest of other bytes is announced: by the service or by the driver, it is noticed."""
    data, others = data_of(bench, case), data_of(bench, "small", 7)
    request = PutRequest(
        ref=bench.ref("it"),
        content=BytesContent(data),
        size=len(data),
        expected=DigestAlgorithm.SHA512.of(others),
    )
    with bench.session() as session, raises(DigestMismatchError, "a put of another digest"):
        session.store(request)
    with bench.session() as session:
        same(held(session, "it"), None, "the bytes held after a put that was refused")
        same(session.names(), [], "the container")


@check_each("put.size", ("small", "parts"))
def a_content_that_ends_early_is_refused(bench: Bench, case: str) -> None:
    """One byte less than announced comes, and nothing is left of it."""
    data = data_of(bench, case)
    with bench.session() as session, raises(SizeMismatchError, "a put of too few bytes"):
        session.pull("it", ScriptedContent(data[:-1]), len(data))
    with bench.session() as session:
        same(held(session, "it"), None, "the bytes held after a put that was refused")


@check("put.size")
def a_content_that_goes_on_is_refused(bench: Bench) -> None:
    """One byte more than announced comes: the object is not its beginning."""
    data = data_of(bench, "small")
    with bench.session() as session:
        with raises(SizeMismatchError, "a put of more bytes than announced"):
            session.pull("it", ScriptedContent(data), len(data) - 1)
        same(held(session, "it"), None, "the bytes held after a put that was refused")


@check_each("put.source", ("small", "parts"))
def a_source_that_fails_leaves_nothing(bench: Bench, case: str) -> None:
    """It breaks off before its last byte: what came before is never taken for the object."""
    data = data_of(bench, case)
    broken = ScriptedContent(data[:-1], SourceError("on purpose"), size=len(data))
    with bench.session() as session, raises(SourceError, "a put whose source fails"):
        session.pull("it", broken, broken.size)
    with bench.session() as session:
        same(held(session, "it"), None, "the bytes held after a source that failed")
        same(session.names(), [], "the container")


# --- what is held stays --------------------------------------------------------------------------


@check_each("put.conflict", SIZES)
def other_bytes_are_refused(bench: Bench, case: str) -> None:
    """Under a reference that is held, others of the same size, or one byte more than none."""
    data, others = data_of(bench, case), data_of(bench, case, 7) or b"x"
    with bench.session() as session:
        session.put("it", data)
    with bench.session() as session:
        with raises(ObjectConflictError, "a put of other bytes"):
            session.put("it", others, announce=True)
        same(session.read("it"), data, "the bytes read afterwards")


@check("put.conflict")
def bytes_that_begin_alike_are_others(bench: Bench) -> None:
    """They go on where those that are held end, stop before, or differ at their end."""
    data = data_of(bench, "small")
    with bench.session() as session:
        session.put("it", data)
        for others in (data + b"x", data[:-1], data[:-1] + b"x", b""):
            with raises(ObjectConflictError, "a put of other bytes that begin alike"):
                session.put("it", others)
        same(session.read("it"), data, "the bytes read afterwards")


@check("put.conflict")
def a_large_object_takes_no_small_one_s_place(bench: Bench) -> None:
    """A small object is held and a large one comes, then the other way round."""
    small, large = data_of(bench, "small"), data_of(bench, "parts")
    for name, first, second in (("a", small, large), ("b", large, small)):
        with bench.session() as session:
            session.put(name, first)
            with raises(ObjectConflictError, "a put of other bytes, of another size"):
                session.put(name, second)
            same(session.read(name), first, "the bytes read afterwards")


@check_each("put.same", SIZES)
def the_same_bytes_again_succeed(bench: Bench, case: str) -> None:
    """And the result says that they were there."""
    data = data_of(bench, case)
    with bench.session() as session:
        session.put("it", data)
        again = session.put("it", data, announce=True)
        expect(again.already_there, "the result does not say that the bytes were there")
        same(again.digest, DigestAlgorithm.SHA512.of(data), "the digest in the result")


@check_each("create-only.one-wins", SIZES)
def of_writers_at_the_same_moment_one_wins(bench: Bench, case: str) -> None:
    """Several creators of one reference: one succeeds, the others meet a conflict."""
    datas = [data_of(bench, case, start) or bytes([start]) for start in range(1, 1 + WRITERS)]
    for number in range(1 if case == "parts" else 5):
        name = f"contested-{number}"
        outcomes = together([partial(_write, bench, name, data) for data in datas], patience=240)
        unless_away(outcomes)
        winners = [data for data, won in zip(datas, outcomes, strict=True) if won is True]
        losers = [one for one in outcomes if isinstance(one, ObjectConflictError)]
        same(len(winners), 1, f"of {WRITERS} writers, the number that succeeded ({outcomes!r})")
        same(len(losers), WRITERS - 1, f"the number that met a conflict ({outcomes!r})")
        with bench.session() as session:
            same(session.read(name), winners[0], "the bytes held")


def _write(bench: Bench, name: str, data: bytes) -> bool:
    with bench.session() as session:
        session.put(name, data)
    return True
