"""Checks of copies inside the offer: as good as a put, and no more is claimed than was seen."""

from __future__ import annotations

from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, raises, same
from coffre.conformance.check import check, check_each
from coffre.conformance.contents import some_bytes
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    Capability,
    Evidence,
    ObjectConflictError,
    ObjectNotFoundError,
    ServerCopyRequest,
    ServerCopyResult,
    SupportsServerCopy,
)
from coffre.streams import CHUNK


def copy(
    bench: Bench, session: Session, source: str, name: str, *, replace: bool = False
) -> ServerCopyResult:
    """Copy an object to another name."""
    request = ServerCopyRequest(source=session.ref(source), ref=session.ref(name), replace=replace)
    bench.stored(request.ref)
    service = cast(SupportsServerCopy, session.connection)
    how = ", replacing" if replace else ""
    return session.do(f"copy {source} to {name}{how}", lambda: service.server_copy(request))


@check_each("server-copy.whole", [0, 1, CHUNK + 1])
def the_bytes_are_the_same(bench: Bench, size: int) -> None:
    """Of several sizes; the source stays, and each can be deleted without the other."""
    data = some_bytes(size)
    with bench.session() as session, bench.session() as other:
        session.put("source", data)
        result = copy(bench, session, "source", "new")
        same(result.size, size, "the size in the result")
        expect(not result.already_there, "said to be there already")
        same(other.names(), ["new", "source"], "the container")
        other.delete("source")
        same(other.read("new"), data, "the bytes read of the copy, its source deleted")
    same(bench.at_rest("new"), data, "the bytes held of the copy")


@check("server-copy.whole")
def what_is_kept_beside_the_bytes_comes_along(bench: Bench) -> None:
    """Metadata and the recorded digest, where the driver keeps them."""
    given = {"name": "value"} if bench.has(Capability.METADATA) else {}
    with bench.session() as session:
        session.put("source", metadata=given)
        copy(bench, session, "source", "new")
        before, after = session.stat("source"), session.stat("new")
    same(dict(after.metadata), given, "the metadata of the copy")
    same(after.recorded, before.recorded, "the recorded digest of the copy")


@check("server-copy.conflict")
def other_bytes_are_a_conflict_and_stay(bench: Bench) -> None:
    """The new reference holds other bytes already."""
    with bench.session() as session:
        session.put("source")
        session.put("new", b"before")
        with raises(ObjectConflictError, "a copy onto other bytes"):
            copy(bench, session, "source", "new")
        same(session.read("new"), b"before", "the bytes read")
    same(bench.at_rest("source"), DATA, "the bytes held of the source")


@check("server-copy.conflict")
def the_same_bytes_again_succeed(bench: Bench) -> None:
    """Copied twice, and copied onto what was put: both say that it was there."""
    with bench.session() as session:
        for name in ("source", "put"):
            session.put(name)
        copy(bench, session, "source", "new")
        for name in ("new", "put"):
            again = copy(bench, session, "source", name)
            expect(again.already_there, f"{name!r} held the same bytes, and this is not said")
            same(session.read(name), DATA, "the bytes read")


@check("server-copy.conflict", needs=[Capability.REPLACE])
def a_copy_that_says_so_replaces(bench: Bench) -> None:
    """Where the driver replaces: other bytes give way."""
    with bench.session() as session:
        session.put("source")
        session.put("new", b"before")
        copy(bench, session, "source", "new", replace=True)
        same(session.read("new"), DATA, "the bytes read")


@check("server-copy.absent")
def a_copy_of_nothing_is_refused_and_leaves_nothing(bench: Bench) -> None:
    """The source never was; what the new reference held stays."""
    with bench.session() as session:
        session.put("held")
        for name in ("new", "held"):
            with raises(ObjectNotFoundError, "a copy of what is not there") as caught:
                copy(bench, session, "never", name)
            same(caught[0].ref, bench.ref("never"), "the object that the error is about")
        session.absent("new")
        same(session.read("held"), DATA, "the bytes read")


@check("server-copy.evidence")
def no_digest_is_claimed_without_a_look(bench: Bench) -> None:
    """A result with a digest says who computed it; one without does not claim that it was."""
    data = some_bytes(5000)
    with bench.session() as session:
        session.put("source", data)
        result = copy(bench, session, "source", "new")
    if result.digest is None:
        expect(result.evidence <= Evidence.PRESENT, f"evidence {result.evidence}, without a digest")
        return
    same(result.digest, result.digest.algorithm.of(data), "the digest in the result")
    expect(result.evidence >= Evidence.REPORTED, f"a digest, on evidence {result.evidence}")


@check("server-copy.evidence")
def the_digest_of_a_damaged_source_is_not_that_of_its_put(bench: Bench) -> None:
    """The source is damaged: the copy is refused, or its digest is of the bytes it has."""
    with bench.session() as session:
        session.put("source", announce=True)
        bench.harness.damage(bench.ref("source"))
        bench.did("damage the bytes at rest")
        result = copy(bench, session, "source", "new")
    held = bench.at_rest("new") or b""
    if result.digest is not None:
        same(result.digest, result.digest.algorithm.of(held), "the digest in the result")
