"""Trials of reading: ranges, what is absent, listings past a page, what was deleted."""

from __future__ import annotations

from typing import cast

from coffre.conformance import Bench, ScriptedContent, check, check_each, expect, raises, same
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    BulkPutRequest,
    Capability,
    CoffreError,
    InvalidRangeError,
    ListEntry,
    PutRequest,
    SizeMismatchError,
    SupportsBulkPut,
)
from coffre.probe.scratch import data_of, scratch_of
from coffre.streams import BytesContent

BATCH = 500
"""Objects stored in one call, where that can be done."""


@check_each("range-read.exact", ("small", "parts"))
def ranges_are_exact(bench: Bench, case: str) -> None:
    """From the beginning, in the middle, over the middle of the object, the last byte, and none."""
    data = data_of(bench, case)
    half, end = len(data) // 2, len(data)
    with bench.session() as session:
        session.put("it", data)
        for offset, length in ((0, 1), (1, 3), (half - 2, 4), (end - 1, 1), (half, 0)):
            with session.get("it", offset=offset, length=length) as result:
                same(result.size, end, "the size of the whole object")
                same(result.stream.read(), data[offset : offset + length], f"bytes from {offset}")
        same(session.read("it", offset=end - 5), data[-5:], "the last five bytes")


@check("range-read.outside")
def a_range_outside_is_refused(bench: Bench) -> None:
    """Beyond the end, in part or whole."""
    with bench.session() as session:
        session.put("it")
        for offset, length in ((len(DATA) + 1, 1), (len(DATA) - 1, 2)):
            with raises(InvalidRangeError, f"{length} bytes from {offset} of {len(DATA)}"):
                session.get("it", offset=offset, length=length).stream.close()


@check("get.absent")
def what_was_never_put_is_not_found(bench: Bench) -> None:
    """By get and by stat, beside an object that is there."""
    with bench.session() as session:
        session.put("there")
        for name in ("ther", "there2", "never"):
            session.absent(name)


@check("delete.gone")
def what_is_deleted_is_gone(bench: Bench) -> None:
    """For another session, by get, stat and list; objects beside it are not."""
    elsewhere = bench.ref("it", container=bench.other_container)
    with bench.session() as session:
        for what in ("it", "it-too", elsewhere):
            session.put(what)
        expect(session.delete("it").existed, "the delete says that nothing was there")
        expect(not session.delete("it").existed, "a second delete says that something was there")
    with bench.session() as other:
        other.absent("it")
        same(other.names(), ["it-too"], "the container")
        for what in ("it-too", elsewhere):
            same(other.read(what), DATA, f"the bytes of {what}, which was not deleted")


# --- listings ------------------------------------------------------------------------------------


@check("list.order")
def names_come_by_their_bytes(bench: Bench) -> None:
    """Names whose order is another one in every language, a few at a time."""
    names = ["-", "0", "10", "9", "@", "A", "B.x", "B", "Z", "_", "a", "a.b", "a-b", "ab", "z"]
    with bench.session() as session:
        for name in reversed(names):
            session.put(name)
        same(session.names(), sorted(names), "the identifiers")
        same(session.names(after="B"), sorted(one for one in names if one > "B"), "after 'B'")
        same(session.names(prefix="a"), ["a", "a-b", "a.b", "ab"], "those that begin with 'a'")


@check("list.complete")
def each_container_is_listed_by_itself(bench: Bench) -> None:
    """An empty object too, and neither another container's, another tenant's nor what failed."""
    with bench.session() as session:
        session.put("empty", b"")
        session.put("full")
        session.put(bench.ref("elsewhere", container=bench.other_container))
        if bench.harness.scratch_tenants()[1] is not None:
            session.put(bench.ref("another-s", tenant=bench.other_tenant))
        with raises(SizeMismatchError, "a put of too few bytes"):
            session.pull("failed", ScriptedContent(b"x"), 2)
    with bench.session() as session, session.listing() as listing:
        owed = [ListEntry(identifier="empty", size=0), ListEntry(identifier="full", size=len(DATA))]
        same(list(listing), owed, "the entries")


@check("list.complete")
def a_listing_past_a_page_is_complete(bench: Bench) -> None:
    """More objects than a page of any service holds: each once, in order, with its size."""
    names = [f"n{number:05}" for number in range(scratch_of(bench).settings.page)]
    with bench.session() as session:
        _fill(bench, session, names)
    with bench.session() as session:
        with session.listing() as listing:
            found = list(listing)
        expect(listing.complete, "a listing that was read to its end is not complete")
        owed = [ListEntry(identifier=name, size=len(name)) for name in names]
        expect(found == owed, _missed(owed, found))
        same(session.names(after=names[-3]), names[-2:], "after the last but two")
        with session.listing(limit=7) as listing:
            same(len(list(listing)), min(7, len(names)), "the entries of a limit of seven")
            same(listing.complete, len(names) <= 7, "whether it is complete")


def _missed(owed: list[ListEntry], found: list[ListEntry]) -> str:
    missing = sorted(one.identifier for one in set(owed) - set(found))
    return (
        f"{len(found)} entries of {len(owed)}, {len(missing)} missing or wrong"
        f"{f', the first {missing[0]}' if missing else '; the order is wrong'}"
    )


def _fill(bench: Bench, session: Session, names: list[str]) -> None:
    """Store an object under each name, many in a call where the driver can."""
    if not bench.has(Capability.BULK_PUT):
        for name in names:
            session.put(name, name.encode())
        return
    for at in range(0, len(names), BATCH):
        puts = [_named(bench, name) for name in names[at : at + BATCH]]
        service = cast(SupportsBulkPut, session.connection)
        for outcome in service.bulk_put(BulkPutRequest(puts=puts)):
            if isinstance(outcome, CoffreError):
                raise outcome


def _named(bench: Bench, name: str) -> PutRequest:
    ref, data = bench.ref(name), name.encode()
    bench.stored(ref)
    return PutRequest(ref=ref, content=BytesContent(data), size=len(data))
