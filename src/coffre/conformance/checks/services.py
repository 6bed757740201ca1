"""Checks of the other services: bulk put, containers, quarantine, sweep, retention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, raises, same
from coffre.conformance.check import check
from coffre.conformance.contents import ScriptedContent, some_bytes
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    BulkPutRequest,
    Capability,
    CoffreError,
    ContainerEntry,
    ContainersRequest,
    DigestAlgorithm,
    DigestMismatchError,
    ObjectConflictError,
    ObjectNotFoundError,
    PutRequest,
    PutResult,
    SizeMismatchError,
    SourceError,
    SupportsBulkPut,
    SupportsContainers,
    SupportsSweep,
    SweepRequest,
    SweepResult,
)
from coffre.streams import CHUNK, BytesContent


def deposit(
    session: Session, identifier: str, data: bytes = DATA, expected: bytes | None = None
) -> PutRequest:
    """A put of bytes in memory; with ``expected``, of the digest of those."""
    return PutRequest(
        ref=session.ref(identifier),
        content=BytesContent(data),
        size=len(data),
        expected=None if expected is None else DigestAlgorithm.SHA512.of(expected),
    )


def bulk(
    bench: Bench, session: Session, puts: Sequence[PutRequest]
) -> Sequence[PutResult | CoffreError]:
    """Put them in one call."""
    for put in puts:
        bench.stored(put.ref)
    service = cast(SupportsBulkPut, session.connection)
    request = BulkPutRequest(puts=puts)
    return session.do(f"bulk put of {len(puts)}", lambda: service.bulk_put(request))


@check("bulk-put.each")
def each_has_its_own_outcome_in_order(bench: Bench) -> None:
    """New, in conflict, of a wrong digest, there already, too short, of a bad source, empty."""
    with bench.session() as session:
        session.put("taken", b"before")
        session.put("same")
        short = PutRequest(ref=bench.ref("short"), content=BytesContent(b"x"), size=2)
        broken = PutRequest(
            ref=bench.ref("broken"),
            content=ScriptedContent(b"x", SourceError("on purpose"), size=2),
            size=2,
        )
        puts = [
            deposit(session, "first"),
            deposit(session, "taken"),
            deposit(session, "wrong", b"other byte", expected=DATA),
            deposit(session, "same"),
            short,
            broken,
            deposit(session, "last", b""),
        ]
        outcomes = bulk(bench, session, puts)
        kinds = [one.already_there if isinstance(one, PutResult) else type(one) for one in outcomes]
        owed = [
            False,
            ObjectConflictError,
            DigestMismatchError,
            True,
            SizeMismatchError,
            SourceError,
            False,
        ]
        same(kinds, owed, "the outcomes (already there, or the error)")
        same(session.names(), ["first", "last", "same", "taken"], "the container")
    for name, held in {"first": DATA, "taken": b"before", "wrong": None, "last": b""}.items():
        same(bench.at_rest(name), held, f"the bytes held under {name!r}")


@check("bulk-put.each")
def each_result_is_that_of_a_put(bench: Bench) -> None:
    """Sizes, digests and evidence, small objects and large ones together."""
    datas = [some_bytes(size) for size in (0, 1, 5000, CHUNK + 1, 2 * CHUNK + 3)]
    with bench.session() as session:
        puts = [deposit(session, f"n{number}", data) for number, data in enumerate(datas)]
        outcomes = bulk(bench, session, puts)
        for outcome, data in zip(outcomes, datas, strict=True):
            expect(isinstance(outcome, PutResult), f"a good put of many gave {outcome!r}")
            result = cast(PutResult, outcome)
            same(result.size, len(data), "the size in a result")
            same(result.digest, DigestAlgorithm.SHA512.of(data), "the digest in a result")
    for number, data in enumerate(datas):
        same(bench.at_rest(f"n{number}"), data, f"the bytes held under 'n{number}'")


@check("put.content", needs=[Capability.BULK_PUT])
def a_bulk_put_closes_what_it_opens(bench: Bench) -> None:
    """Good ones, one that is there already, one in conflict, one too short, one that breaks off."""
    contents = {
        "good": ScriptedContent(DATA),
        "same": ScriptedContent(DATA),
        "taken": ScriptedContent(DATA),
        "short": ScriptedContent(DATA, size=len(DATA) + 1),
        "broken": ScriptedContent(DATA, SourceError("on purpose"), size=len(DATA) + 1),
        "large": ScriptedContent(some_bytes(CHUNK + 1)),
    }
    with bench.session() as session:
        session.put("same")
        session.put("taken", b"before")
        puts = [
            PutRequest(ref=bench.ref(name), content=content, size=content.size)
            for name, content in contents.items()
        ]
        bulk(bench, session, puts)
        left = [name for name, one in contents.items() if one.opened != one.closed]
    same(left, [], "the contents that were left open")


@check("bulk-put.many")
def six_hundred_are_all_stored(bench: Bench) -> None:
    """In one call; listed afterwards, and some of them looked at."""
    with bench.session() as session:
        puts = [deposit(session, f"n{number:04}", b"%d" % number) for number in range(600)]
        outcomes = bulk(bench, session, puts)
        bad = [one for one in outcomes if not isinstance(one, PutResult)]
        same(bad, [], "the puts that failed")
        same(session.names(), [put.ref.identifier for put in puts], "the container")
    for number in (0, 299, 599):
        same(bench.at_rest(f"n{number:04}"), b"%d" % number, "the bytes held")


@check("bulk-put.many")
def nothing_is_stored_in_one_call(bench: Bench) -> None:
    """A bulk put of no objects has no outcomes."""
    with bench.session() as session:
        same(list(bulk(bench, session, [])), [], "the outcomes of a bulk put of nothing")


@check("containers.named")
def containers_are_named_once_in_order(bench: Bench) -> None:
    """Two objects in each of two containers, for two tenants."""
    tenants = (bench.other_tenant, bench.tenant)
    places = [(tenant, name) for tenant in tenants for name in bench.harness.containers]
    with bench.session() as session:
        for tenant, container in places:
            for name in ("a", "b"):
                session.put(bench.ref(name, tenant=tenant, container=container))
        service = cast(SupportsContainers, session.connection)
        found = session.do("containers", lambda: list(service.containers(ContainersRequest())))
    same(found, sorted(set(found)), "the order, and that none comes twice")
    ours = [one for one in found if one.tenant in tenants]
    owed = [ContainerEntry(tenant=tenant, container=name) for tenant, name in sorted(places)]
    same(ours, owed, "the containers of two tenants")


# --- quarantine and sweep ------------------------------------------------------------------------


@check("quarantine.aside")
def what_is_set_aside_is_absent_and_another_takes_its_place(bench: Bench) -> None:
    """Twice: the same object may go bad again, and nothing set aside is overwritten."""
    with bench.session() as session, bench.session() as other:
        session.put("bad")
        session.put("good")
        first = session.set_aside("bad")
        same(first.size, len(DATA), "the size of what was set aside")
        expect(first.place, "the result does not say where the bytes are")
        for one in (session, other):
            one.absent("bad")
            same(one.names(), ["good"], "the container")
        expect(not session.put("bad").already_there, "said to be there while it is set aside")
        second = session.set_aside("bad")
        expect(second.place != first.place, f"both were set aside at {first.place}")
        session.absent("bad")
    same(bench.at_rest("good"), DATA, "the bytes held of another object")


@check("quarantine.aside")
def the_bytes_of_both_are_kept(bench: Bench) -> None:
    """An object is set aside, then another one of its name: each is found where it was put."""
    with bench.session() as session:
        places = []
        for data in (b"the first", some_bytes(CHUNK + 1)):
            session.put("it", data)
            places.append((session.set_aside("it").place, data))
    for place, data in places:
        same(bench.harness.bytes_set_aside(place), data, f"the bytes at {place}")


@check("quarantine.aside")
def what_is_set_aside_does_not_conflict(bench: Bench) -> None:
    """Bad bytes are set aside; the right ones, which are others, are stored."""
    with bench.session() as session:
        session.put("it", announce=True)
        bench.harness.damage(bench.ref("it"))
        bench.did("damage the bytes at rest")
        session.set_aside("it")
        expect(not session.put("it", announce=True).already_there, "said to be there already")
    same(bench.at_rest("it"), DATA, "the bytes held")


@check("quarantine.absent")
def setting_aside_what_is_not_there_is_refused(bench: Bench) -> None:
    """A name that never was, and one that was deleted."""
    with bench.session() as session:
        session.put("it")
        session.delete("it")
        for name in ("it", "never"):
            with raises(ObjectNotFoundError, f"setting {name!r} aside"):
                session.set_aside(name)


def sweep(session: Session) -> SweepResult:
    """Sweep leftovers of any age."""
    service = cast(SupportsSweep, session.connection)
    return session.do("sweep", lambda: service.sweep(SweepRequest(older_than=0)))


@check("sweep.leftovers")
def it_touches_no_object_and_a_second_finds_nothing(bench: Bench) -> None:
    """After puts that succeeded and puts that failed."""
    with bench.session() as session:
        session.put("it", some_bytes(CHUNK + 1))
        try:
            broken = ScriptedContent(some_bytes(CHUNK), SourceError("on purpose"), size=2 * CHUNK)
            session.pull("bad", broken, broken.size)
        except SourceError:
            sweep(session)
        again = sweep(session)
        same(again.removed, 0, "what a second sweep removed")
        same(session.names(), ["it"], "the container")
    same(bench.at_rest("it"), some_bytes(CHUNK + 1), "the bytes held")


@check("sweep.live")
def a_put_in_progress_is_not_swept(bench: Bench) -> None:
    """While an object is pulled, another session sweeps leftovers of any age."""
    data = some_bytes(2 * CHUNK)
    with bench.session() as session, bench.session() as other:
        content = ScriptedContent(data[:CHUNK], lambda: sweep(other), data[CHUNK:])
        session.pull("it", content, content.size)
        same(session.read("it"), data, "the bytes read")
    same(bench.at_rest("it"), data, "the bytes held")
