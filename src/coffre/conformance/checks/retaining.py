"""Checks of retention: an offer that refuses, by itself, to delete an object before its date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, raises, same
from coffre.conformance.check import check
from coffre.conformance.session import DATA
from coffre.contract import Capability, OfferError, PutRequest, RetainedError
from coffre.streams import BytesContent

A_WHILE = timedelta(seconds=30)
"""How long an object of these checks is retained, where the offer is not thrown away."""


def retained(bench: Bench, until: datetime) -> PutRequest:
    """A put with a date."""
    return PutRequest(
        ref=bench.ref("it"), content=BytesContent(DATA), size=len(DATA), retain_until=until
    )


@check("retention.held")
def it_cannot_be_deleted_before_its_date(bench: Bench) -> None:
    """By its own session or another; it stays, and can be read."""
    until = datetime.now(UTC) + (timedelta(days=1) if bench.harness.exclusive else A_WHILE)
    with bench.session() as session, bench.session() as other:
        session.store(retained(bench, until))
        for one in (session, other):
            with raises(RetainedError, "deleting a retained object"):
                one.delete("it")
            told = one.stat("it").retain_until
            expect(told is None or told >= until, f"stat tells of a date before its own: {told}")
            same(one.read("it"), DATA, "the bytes read")
        same(session.names(), ["it"], "the container")


@check("retention.held")
def a_date_that_is_over_forbids_nothing(bench: Bench) -> None:
    """The object is put with a date of yesterday, and deleted."""
    with bench.session() as session:
        session.store(retained(bench, datetime.now(UTC) - timedelta(days=1)))
        expect(session.delete("it").existed, "the delete says that nothing was there")
        session.absent("it")


@check("retention.held")
def it_cannot_be_replaced_before_its_date(bench: Bench) -> None:
    """Where the driver replaces: taking the place of an object destroys it as well."""
    bench.need(Capability.REPLACE)
    until = datetime.now(UTC) + (timedelta(days=1) if bench.harness.exclusive else A_WHILE)
    with bench.session() as session:
        session.store(retained(bench, until))
        with raises(OfferError, "replacing a retained object"):
            session.put("it", b"other bytes", replace=True)
        same(session.read("it"), DATA, "the bytes read")


@check("retention.held")
def the_same_bytes_again_do_not_lift_it(bench: Bench) -> None:
    """Put again without a date, the object is retained as before; with a later one, until then."""
    later = datetime.now(UTC) + (timedelta(days=1) if bench.harness.exclusive else A_WHILE)
    with bench.session() as session, bench.session() as other:
        session.store(retained(bench, datetime.now(UTC) - timedelta(days=1)))
        session.store(retained(bench, later))
        other.put("it")
        with raises(RetainedError, "deleting an object that was put again without a date"):
            other.delete("it")
        same(session.read("it"), DATA, "the bytes read")
