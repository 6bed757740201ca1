"""Checks of legal holds: what is under one stays, whatever its dates say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, raises, same
from coffre.conformance.check import check
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    Capability,
    CoffreError,
    LiftHoldRequest,
    ObjectNotFoundError,
    ObjectRef,
    OfferError,
    PlaceHoldRequest,
    PutRequest,
    RetainedError,
    SupportsLegalHold,
    UnsupportedOperationError,
)
from coffre.streams import BytesContent

ONE, OTHER = "case-2031.7", "order_12"
"""Ids of two holds."""


def place(bench: Bench, session: Session, name: str, id: str = ONE) -> frozenset[str]:
    """Place a hold, to be lifted again whatever happens; the holds there are then."""
    ref = session.ref(name)
    request = PlaceHoldRequest(ref=ref, id=id, reason="conformance")
    bench.finally_do(lambda: _let_go(bench, ref, id))
    service = cast(SupportsLegalHold, session.connection)
    return session.do(f"place hold {id} on {ref}", lambda: service.place_hold(request)).holds


def lift(session: Session, name: str, id: str = ONE) -> frozenset[str]:
    """Lift a hold; the holds that are left."""
    request = LiftHoldRequest(ref=session.ref(name), id=id, reason="conformance")
    service = cast(SupportsLegalHold, session.connection)
    return session.do(f"lift hold {id} of {request.ref}", lambda: service.lift_hold(request)).holds


def _let_go(bench: Bench, ref: ObjectRef, id: str) -> None:
    if bench.harness.exclusive:
        return
    try:
        with bench.driver.connect(bench.parameters) as connection:
            cast(SupportsLegalHold, connection).lift_hold(LiftHoldRequest(ref=ref, id=id))
    except ObjectNotFoundError:
        return
    except CoffreError as error:
        bench.stays(f"a hold on {ref} ({type(error).__name__})")


@check("legal-hold.held")
def an_object_under_a_hold_is_not_deleted(bench: Bench) -> None:
    """By its own session or another; it stays and can be read. Lifted, it can be deleted."""
    with bench.session() as session, bench.session() as other:
        session.put("it")
        same(place(bench, session, "it"), {ONE}, "the holds told when it is placed")
        for one in (session, other):
            same(one.stat("it").holds, {ONE}, "the holds by stat")
            with raises(RetainedError, "deleting an object under a hold"):
                one.delete("it")
            same(one.read("it"), DATA, "the bytes read")
        same(lift(other, "it"), frozenset(), "the holds told when it is lifted")
        same(session.stat("it").holds, frozenset(), "the holds by stat, once lifted")
        expect(session.delete("it").existed, "the delete says that nothing was there")
        session.absent("it")


@check("legal-hold.held", needs=[Capability.RETENTION])
def a_date_that_is_over_does_not_free_it(bench: Bench) -> None:
    """The object was retained until yesterday, and is under a hold: it is not deleted."""
    request = PutRequest(
        ref=bench.ref("it"),
        content=BytesContent(DATA),
        size=len(DATA),
        retain_until=datetime.now(UTC) - timedelta(days=1),
    )
    with bench.session() as session:
        session.store(request)
        place(bench, session, "it")
        with raises(RetainedError, "deleting an object under a hold whose date is over"):
            session.delete("it")
        same(session.read("it"), DATA, "the bytes read")


@check("legal-hold.held", needs=[Capability.REPLACE])
def an_object_under_a_hold_is_not_replaced(bench: Bench) -> None:
    """Where the driver replaces: taking the place of an object destroys it as well."""
    with bench.session() as session:
        session.put("it")
        place(bench, session, "it")
        with raises(OfferError, "replacing an object under a hold"):
            session.put("it", b"other bytes", replace=True)
        same(session.read("it"), DATA, "the bytes read")


@check("legal-hold.each")
def placing_or_lifting_again_changes_nothing(bench: Bench) -> None:
    """As after a lost answer; the same bytes put again do not lift a hold either."""
    with bench.session() as session:
        session.put("it")
        for _ in range(2):
            same(place(bench, session, "it"), {ONE}, "the holds told when it is placed")
        session.put("it")
        with raises(RetainedError, "deleting an object put again under a hold"):
            session.delete("it")
        for _ in range(2):
            same(lift(session, "it"), frozenset(), "the holds told when it is lifted")
        session.delete("it")


@check("legal-hold.each")
def a_hold_is_lifted_by_its_own_id(bench: Bench) -> None:
    """Another id is lifted that was never placed, or was placed too: the hold stays."""
    with bench.session() as session:
        session.put("it")
        place(bench, session, "it")
        try:
            same(place(bench, session, "it", OTHER), {ONE, OTHER}, "the holds after a second one")
        except UnsupportedOperationError:
            bench.remark("an object can be under one hold only")
        same(lift(session, "it", OTHER), {ONE}, "the holds after another was lifted")
        with raises(RetainedError, "deleting an object that is still under a hold"):
            session.delete("it")
        lift(session, "it")
        session.delete("it")


@check("legal-hold.each")
def a_hold_is_on_its_own_object(bench: Bench) -> None:
    """The neighbours of an object under a hold are free, and so is the next one of its name."""
    with bench.session() as session:
        for name in ("it", "it2"):
            session.put(name)
        place(bench, session, "it")
        same(session.stat("it2").holds, frozenset(), "the holds of a neighbour")
        session.delete("it2")
        lift(session, "it")
        session.delete("it")
        session.put("it")
        same(session.stat("it").holds, frozenset(), "the holds of an object put again")


@check("legal-hold.absent")
def a_hold_on_nothing_is_refused(bench: Bench) -> None:
    """On a name that never was, and on one that was deleted; lifting likewise."""
    with bench.session() as session:
        session.put("gone")
        session.delete("gone")
        for name in ("gone", "never"):
            with raises(ObjectNotFoundError, f"placing a hold on {name!r}"):
                place(bench, session, name)
            with raises(ObjectNotFoundError, f"lifting a hold of {name!r}"):
                lift(session, name)
