"""Trials of the services that a driver may add: bulk put, containers, quarantine, sweep."""

from __future__ import annotations

from typing import cast

from coffre.conformance import Bench, ScriptedContent, check, expect, raises, same
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    BulkPutRequest,
    Capability,
    ContainerEntry,
    ContainersRequest,
    DigestAlgorithm,
    DigestMismatchError,
    ObjectConflictError,
    ObjectNotFoundError,
    PutRequest,
    PutResult,
    SupportsBulkPut,
    SupportsContainers,
    SupportsSweep,
    SweepRequest,
    SweepResult,
)
from coffre.probe.scratch import data_of
from coffre.streams import BytesContent

LIVE = 3600.0
"""Seconds: a sweep on an offer in use touches nothing younger, whoever it belongs to."""


@check("bulk-put.each")
def each_of_many_has_its_own_outcome(bench: Bench) -> None:
    """New, in conflict, of a wrong digest, there already: in order, each for itself."""
    with bench.session() as session:
        session.put("taken", b"before")
        session.put("same")
        puts = [
            _deposit(bench, "first"),
            _deposit(bench, "taken"),
            _deposit(bench, "wrong", announced=b"other"),
            _deposit(bench, "same"),
            _deposit(bench, "last"),
        ]
        service = cast(SupportsBulkPut, session.connection)
        outcomes = session.do("bulk put", lambda: service.bulk_put(BulkPutRequest(puts=puts)))
        kinds = [one.already_there if isinstance(one, PutResult) else type(one) for one in outcomes]
        owed = [False, ObjectConflictError, DigestMismatchError, True, False]
        same(kinds, owed, "the outcomes (already there, or the error)")
    with bench.session() as session:
        same(session.names(), ["first", "last", "same", "taken"], "the container")
        same(session.read("taken"), b"before", "the bytes that were there")
        same(session.read("last"), DATA, "the bytes of the last")


def _deposit(bench: Bench, identifier: str, *, announced: bytes = DATA) -> PutRequest:
    ref = bench.ref(identifier)
    bench.stored(ref)
    return PutRequest(
        ref=ref,
        content=BytesContent(DATA),
        size=len(DATA),
        expected=DigestAlgorithm.SHA512.of(announced),
    )


@check("containers.named")
def the_container_of_an_object_is_named(bench: Bench) -> None:
    """Once, however many it holds, among those of everybody; the list is sorted."""
    refs = [bench.ref("a"), bench.ref("b"), bench.ref("c", container=bench.other_container)]
    with bench.session() as session:
        for ref in refs:
            session.put(ref)
        service = cast(SupportsContainers, session.connection)
        entries = session.do(
            "name the containers", lambda: list(service.containers(ContainersRequest()))
        )
    for ref in refs:
        mine = ContainerEntry(tenant=ref.tenant, container=ref.container)
        same(entries.count(mine), 1, f"how often {ref.tenant}/{ref.container} is named")
    expect(entries == sorted(entries), "the containers do not come sorted")


# --- quarantine ---------------------------------------------------------------------------------


@check("quarantine.aside")
def what_is_set_aside_is_hidden(bench: Bench) -> None:
    """Absent for get, stat and list; another object can take its place, and stays."""
    with bench.session() as session:
        session.put("it")
        first = session.set_aside("it").place
        expect(first, "no place is told for what was set aside")
    with bench.session() as session:
        session.absent("it")
        same(session.names(), [], "the container")
        session.put("it", b"another bad one")
        expect(session.set_aside("it").place != first, "two objects are at one place")
        session.put("it", b"the good copy")
        same(session.read("it"), b"the good copy", "the bytes read")


@check("quarantine.absent")
def setting_nothing_aside_is_refused(bench: Bench) -> None:
    """Under a reference that holds nothing."""
    with bench.session() as session, raises(ObjectNotFoundError, "setting aside what is not there"):
        session.set_aside("never")


# --- sweep: only what is old, since an offer in use has work of others on it --------------------


@check("sweep.leftovers")
def a_sweep_touches_no_object(bench: Bench) -> None:
    """Of the trial's own, small and large."""
    datas = {name: data_of(bench, name) for name in ("small", "parts")}
    with bench.session() as session:
        for name, data in datas.items():
            session.put(name, data)
        _sweep(session)
    with bench.session() as session:
        for name, data in datas.items():
            same(session.read(name), data, f"the bytes of the {name} object after a sweep")


@check("sweep.live")
def a_sweep_leaves_work_that_is_alive(bench: Bench) -> None:
    """The offer is swept while half an object has been taken; the put succeeds."""
    bench.need(Capability.SWEEP)
    data = data_of(bench, "parts")
    half = len(data) // 2

    def sweep() -> None:
        with bench.session() as other:
            _sweep(other)

    content = ScriptedContent(data[:half], sweep, data[half:])
    with bench.session() as session:
        session.pull("it", content, content.size)
    with bench.session() as session:
        same(session.read("it"), data, "the bytes read after a sweep during their put")


def _sweep(session: Session) -> SweepResult:
    service = cast(SupportsSweep, session.connection)
    request = SweepRequest(older_than=LIVE)
    return session.do("sweep", lambda: service.sweep(request))
