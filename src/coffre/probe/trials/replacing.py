"""Trials of replacing: in one step, with the flag alone, and never by halves."""

from __future__ import annotations

from functools import partial

from coffre.conformance import Bench, ScriptedContent, check, check_each, expect, raises, same
from coffre.conformance.session import Session
from coffre.conformance.together import together
from coffre.contract import (
    Capability,
    CoffreError,
    DigestAlgorithm,
    ObjectConflictError,
    PutRequest,
    SourceError,
)
from coffre.probe.scratch import SIZES, data_of, unless_away
from coffre.streams import BytesContent

KEPT = {"name": "old"}


@check_each("replace.done", SIZES)
def it_replaces_with_the_flag_alone(bench: Bench, case: str) -> None:
    """Without it other bytes are a conflict; with it they take the place of the object."""
    first, second = data_of(bench, "small"), data_of(bench, case, 7)
    with bench.session() as session:
        session.put("it", first)
        with raises(ObjectConflictError, "a put of other bytes, not told to replace"):
            session.put("it", second)
        session.put("it", second, replace=True)
    with bench.session() as session:
        same(session.read("it"), second, "the bytes read")
        same(session.stat("it").size, len(second), "the size by stat")
        same(session.names(), ["it"], "the container")
        session.delete("it")
        session.absent("it")


@check("replace.done")
def what_was_kept_with_the_old_goes_with_it(bench: Bench) -> None:
    """Metadata and the recorded digest are those of the new object."""
    with bench.session() as session:
        session.put("it", metadata=KEPT if bench.has(Capability.METADATA) else {})
        session.put("it", b"the new", replace=True)
        told = session.stat("it")
        same(dict(told.metadata), {}, "the metadata by stat")
        if bench.has(Capability.RECORDED_DIGEST):
            same(told.recorded, DigestAlgorithm.SHA512.of(b"the new"), "the recorded digest")


@check_each("replace.atomic", ("small", "parts"))
def a_replacement_that_fails_leaves_the_old(bench: Bench, case: str) -> None:
    """Its source breaks off, or its digest is another than announced."""
    old, new = data_of(bench, "small"), data_of(bench, case, 7)
    broken = ScriptedContent(new[:-1], SourceError("on purpose"), size=len(new))
    wrong = PutRequest(
        ref=bench.ref("it"),
        content=BytesContent(new),
        size=len(new),
        expected=DigestAlgorithm.SHA512.of(old),
        replace=True,
    )
    with bench.session() as session:
        session.put("it", old)
        with raises(SourceError, "a replacement whose source fails"):
            session.pull("it", broken, broken.size, replace=True)
        with raises(CoffreError, "a replacement of another digest"):
            session.store(wrong)
        same(session.read("it"), old, "the bytes read")


@check("replace.atomic")
def a_reader_sees_the_old_or_the_new(bench: Bench) -> None:
    """One session reads again and again while another replaces."""
    wholes = [data_of(bench, "small", start) * 5000 for start in (1, 7)]
    with bench.session() as session:
        session.put("it", wholes[0])
    seen, *_ = outcomes = together(
        [partial(_read_often, bench), partial(_replace_often, bench, wholes)], patience=240
    )
    unless_away(outcomes)
    expect(isinstance(seen, list), f"reading during a replacement: {seen!r}")
    expect(
        isinstance(seen, list) and all(one in wholes for one in seen),
        "the bytes read during a replacement are neither the old ones nor the new",
    )


def _read_often(bench: Bench) -> list[bytes]:
    with bench.session() as session:
        return [session.read("it") for _ in range(12)]


def _replace_often(bench: Bench, wholes: list[bytes]) -> list[bytes]:
    with bench.session() as session:
        for number in range(6):
            _replace(session, wholes[(number + 1) % 2])
    return []


def _replace(session: Session, data: bytes) -> None:
    session.put("it", data, replace=True)
