"""Checks of bulk stat and bulk delete: one outcome for each object, whatever the others meet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, same
from coffre.conformance.check import check
from coffre.conformance.session import DATA, Session
from coffre.contract import (
    BulkDeleteRequest,
    BulkStatRequest,
    Capability,
    CoffreError,
    DeleteRequest,
    DeleteResult,
    DigestAlgorithm,
    ObjectNotFoundError,
    PutRequest,
    RetainedError,
    StatRequest,
    StatResult,
    SupportsBulkDelete,
    SupportsBulkStat,
)
from coffre.streams import BytesContent

MANY = 1200
"""Objects of one call: more than common services take in one request (a thousand)."""


def stat_all(
    session: Session, names: Sequence[str], digest: DigestAlgorithm | None = None
) -> Sequence[StatResult | CoffreError]:
    """Ask about them in one call."""
    service = cast(SupportsBulkStat, session.connection)
    request = BulkStatRequest(
        stats=[StatRequest(ref=session.ref(name), digest=digest) for name in names]
    )
    return session.do(f"bulk stat of {len(names)}", lambda: service.bulk_stat(request))


def delete_all(session: Session, names: Sequence[str]) -> Sequence[DeleteResult | CoffreError]:
    """Delete them in one call."""
    service = cast(SupportsBulkDelete, session.connection)
    request = BulkDeleteRequest(deletes=[DeleteRequest(ref=session.ref(name)) for name in names])
    return session.do(f"bulk delete of {len(names)}", lambda: service.bulk_delete(request))


@check("bulk-stat.each")
def each_is_told_as_stat_would_in_order(bench: Bench) -> None:
    """Held ones of several sizes, one that never was, one that was deleted."""
    sizes = {"b": 10, "a": 0, "d": 5000}
    with bench.session() as session:
        for name, size in {**sizes, "gone": 1}.items():
            session.put(name, b"x" * size)
        session.delete("gone")
        names = ["b", "never", "a", "gone", "d"]
        told = stat_all(session, names)
        kinds = [one.size if isinstance(one, StatResult) else type(one) for one in told]
        absent = ObjectNotFoundError
        same(kinds, [10, absent, 0, absent, 5000], "the outcomes (size, or the error)")
        for name, one in zip(names, told, strict=True):
            if isinstance(one, StatResult):
                same(one.recorded, session.stat(name).recorded, "the recorded digest")


@check("bulk-stat.each", needs=[Capability.OFFER_DIGEST])
def a_digest_of_each_is_computed(bench: Bench) -> None:
    """Where the offer digests: each object's own, over what it holds now."""
    with bench.session() as session:
        for name in ("a", "b"):
            session.put(name, name.encode())
        told = stat_all(session, ["b", "a"], DigestAlgorithm.SHA256)
    digests = [one.digest if isinstance(one, StatResult) else one for one in told]
    same(digests, [DigestAlgorithm.SHA256.of(data) for data in (b"b", b"a")], "the digests")


@check("bulk-stat.each")
def none_or_many_are_told(bench: Bench) -> None:
    """A call about no object, and one about more than common services take at once."""
    with bench.session() as session:
        session.put("held")
        same(list(stat_all(session, [])), [], "the outcomes of a bulk stat of nothing")
        told = stat_all(session, [*(f"n{number:05}" for number in range(MANY)), "held"])
    kinds = {type(one) for one in told[:-1]}
    same(
        (len(told), kinds), (MANY + 1, {ObjectNotFoundError}), "outcomes, and those of absent ones"
    )
    expect(isinstance(told[-1], StatResult), f"the last one, which is held, gave {told[-1]!r}")


@check("bulk-delete.each")
def each_is_deleted_and_nothing_else(bench: Bench) -> None:
    """Two that are held, one that never was between them; a neighbour stays."""
    with bench.session() as session, bench.session() as other:
        for name in ("a", "b", "b2"):
            session.put(name)
        outcomes = delete_all(session, ["b", "never", "a"])
        bad = [one for one in outcomes if not isinstance(one, DeleteResult)]
        same((len(outcomes), bad), (3, []), "the number of outcomes, and those that failed")
        told = [one.existed for one in outcomes if isinstance(one, DeleteResult)]
        honest = all(
            one in (None, owed) for one, owed in zip(told, (True, False, True), strict=True)
        )
        expect(honest, f"existed is told as {told}, of held, absent, held")
        for name in ("a", "b", "never"):
            other.absent(name)
        same(other.names(), ["b2"], "the container")
    same(bench.at_rest("b2"), DATA, "the bytes held of a neighbour")


@check("bulk-delete.each", needs=[Capability.RETENTION])
def a_retained_one_is_refused_alone(bench: Bench) -> None:
    """Where the offer retains: between two that are deleted, one that may not be."""
    days = timedelta(days=1) if bench.harness.exclusive else timedelta(seconds=30)
    kept = PutRequest(
        ref=bench.ref("kept"),
        content=BytesContent(DATA),
        size=len(DATA),
        retain_until=datetime.now(UTC) + days,
    )
    with bench.session() as session:
        session.put("a")
        session.store(kept)
        session.put("z")
        outcomes = delete_all(session, ["a", "kept", "z"])
        kinds = [type(one) for one in outcomes]
        same(kinds, [DeleteResult, RetainedError, DeleteResult], "the outcomes")
        same(session.names(), ["kept"], "the container")
        same(session.read("kept"), DATA, "the bytes read of the retained one")


@check("bulk-delete.each")
def none_or_many_are_deleted(bench: Bench) -> None:
    """A call about no object, and one about more than common services take at once."""
    with bench.session() as session:
        for name in ("first", "last", "other"):
            session.put(name)
        same(list(delete_all(session, [])), [], "the outcomes of a bulk delete of nothing")
        names = ["first", *(f"n{number:05}" for number in range(MANY)), "last"]
        outcomes = delete_all(session, names)
        bad = [one for one in outcomes if not isinstance(one, DeleteResult)]
        same((len(outcomes), bad), (len(names), []), "the number of outcomes, and the failures")
        same(session.names(), ["other"], "the container")
