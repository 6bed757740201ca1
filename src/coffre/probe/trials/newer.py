"""Trials of the services of contract 1.1: holds, many objects in one call, copies by the offer.

Access requests have none: an object would have to become cold first, which takes hours or days
and is paid for. They stay *declared*.
"""

from __future__ import annotations

from typing import cast

from coffre.conformance import Bench, check, check_each, expect, raises, same
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    BulkDeleteRequest,
    BulkStatRequest,
    Capability,
    CoffreError,
    DeleteRequest,
    DeleteResult,
    LiftHoldRequest,
    ObjectConflictError,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    PlaceHoldRequest,
    RetainedError,
    ServerCopyRequest,
    ServerCopyResult,
    StatRequest,
    StatResult,
    SupportsBulkDelete,
    SupportsBulkStat,
    SupportsLegalHold,
    SupportsServerCopy,
)
from coffre.probe.scratch import SIZES, data_of

HOLD = "coffre-probe"
"""Id of the hold that is placed, and lifted again."""


# --- holds ---------------------------------------------------------------------------------------


@check("legal-hold.held")
def what_is_on_hold_is_neither_deleted_nor_replaced(bench: Bench) -> None:
    """Until the hold is lifted; then it is free. Stat names the hold."""
    ref = bench.ref("held")
    bench.finally_do(lambda: _lift_quietly(bench, ref))
    with bench.session() as session:
        service = cast(SupportsLegalHold, session.connection)
        session.put(ref)
        session.do("place a hold", lambda: service.place_hold(PlaceHoldRequest(ref=ref, id=HOLD)))
        with raises(RetainedError, "deleting an object that is on hold"):
            session.delete(ref)
        if bench.has(Capability.REPLACE):
            with raises(OfferError, "replacing an object that is on hold"):
                session.put(ref, b"others", replace=True)
        same(session.read(ref), DATA, "the bytes read")
        same(session.stat(ref).holds, frozenset({HOLD}), "the holds by stat")
        if bench.has(Capability.BULK_DELETE):
            many = cast(SupportsBulkDelete, session.connection)
            request = BulkDeleteRequest(deletes=[DeleteRequest(ref=ref)])
            (outcome,) = session.do("delete it among many", lambda: many.bulk_delete(request))
            expect(isinstance(outcome, CoffreError), f"a bulk delete of it gave {outcome!r}")
            same(session.read(ref), DATA, "the bytes read")
        session.do("lift it", lambda: service.lift_hold(LiftHoldRequest(ref=ref, id=HOLD)))
        expect(session.delete(ref).existed, "the delete says that nothing was there")
        session.absent(ref)


def _lift_quietly(bench: Bench, ref: ObjectRef) -> None:
    """Free an object that a trial which failed has left on hold, so that it can be deleted."""
    try:
        with bench.driver.connect(bench.parameters) as connection:
            cast(SupportsLegalHold, connection).lift_hold(LiftHoldRequest(ref=ref, id=HOLD))
    except ObjectNotFoundError:
        return
    except CoffreError as error:
        bench.stays(f"{ref}, on hold ({error.code})")


# --- many at once --------------------------------------------------------------------------------


@check("bulk-delete.each")
def of_many_deletions_each_is_told(bench: Bench) -> None:
    """Of what is there and of what is not; what was not named stays."""
    with bench.session() as session:
        for name in ("a", "b", "b-too"):
            session.put(name)
        service = cast(SupportsBulkDelete, session.connection)
        deletes = [DeleteRequest(ref=bench.ref(name)) for name in ("b", "never", "a")]
        request = BulkDeleteRequest(deletes=deletes)
        outcomes = session.do("bulk delete", lambda: service.bulk_delete(request))
        same(len(outcomes), 3, "the number of outcomes")
        bad = [one for one in outcomes if not isinstance(one, DeleteResult)]
        same(bad, [], "the deletions that failed")
    with bench.session() as session:
        for name in ("a", "b"):
            session.absent(name)
        same(session.names(), ["b-too"], "the container")


@check("bulk-stat.each")
def of_many_questions_each_is_answered(bench: Bench) -> None:
    """In order: absent is absent, and each size is that of its object."""
    with bench.session() as session:
        session.put("a", b"1")
        session.put("b", b"22")
        service = cast(SupportsBulkStat, session.connection)
        stats = [StatRequest(ref=bench.ref(name)) for name in ("b", "never", "a")]
        request = BulkStatRequest(stats=stats)
        outcomes = session.do("bulk stat", lambda: service.bulk_stat(request))
        told = [one.size if isinstance(one, StatResult) else type(one) for one in outcomes]
        same(told, [2, ObjectNotFoundError, 1], "the sizes, or the error")


# --- copies by the offer -------------------------------------------------------------------------


@check_each("server-copy.whole", SIZES)
def a_copy_has_the_bytes_of_its_source(bench: Bench, case: str) -> None:
    """And outlives it."""
    data = data_of(bench, case)
    with bench.session() as session:
        session.put("source", data)
        same(_copy(bench, session, "copy").size, len(data), "the size in the result")
        same(session.read("source"), data, "the bytes of the source")
        session.delete("source")
        same(session.read("copy"), data, "the bytes of the copy")


@check("server-copy.whole")
def a_copy_has_what_was_kept_with_its_source(bench: Bench) -> None:
    """Metadata, and the recorded digest, where the driver keeps them."""
    metadata = {"name": "charter.pdf"} if bench.has(Capability.METADATA) else {}
    with bench.session() as session:
        session.put("source", metadata=metadata, announce=True)
        _copy(bench, session, "copy")
        first, second = session.stat("source"), session.stat("copy")
        same(dict(second.metadata), metadata, "the metadata of the copy")
        same(second.recorded, first.recorded, "the recorded digest of the copy")


@check("server-copy.conflict")
def a_copy_replaces_no_other_object(bench: Bench) -> None:
    """Other bytes are held where it is to go."""
    with bench.session() as session:
        session.put("source")
        session.put("taken", b"before")
        with raises(ObjectConflictError, "a copy onto other bytes"):
            _copy(bench, session, "taken")
        same(session.read("taken"), b"before", "the bytes that were there")


@check("server-copy.absent")
def nothing_is_copied_from_nothing(bench: Bench) -> None:
    """The source is not there."""
    with bench.session() as session:
        with raises(ObjectNotFoundError, "a copy of what is not there"):
            _copy(bench, session, "copy")
        session.absent("copy")


def _copy(bench: Bench, session: Session, to: str) -> ServerCopyResult:
    service = cast(SupportsServerCopy, session.connection)
    request = ServerCopyRequest(source=bench.ref("source"), ref=bench.ref(to))
    bench.stored(request.ref)
    return session.do(f"copy to {to}", lambda: service.server_copy(request))
