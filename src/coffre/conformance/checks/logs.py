"""Checks of the offer log: every change has its entry, in order, and pages meet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, same
from coffre.conformance.check import check
from coffre.conformance.session import Session
from coffre.conformance.together import together
from coffre.contract import LogAction, LogEntry, LogRequest, SupportsOfferLog


def page(
    bench: Bench,
    session: Session,
    start: int | None = None,
    *,
    newest_first: bool = False,
    limit: int = 1000,
    container: str | None = None,
) -> Sequence[LogEntry]:
    """Read one page of the log of the check's own container."""
    request = LogRequest(
        tenant=bench.tenant,
        container=container or bench.container,
        start=start,
        newest_first=newest_first,
        limit=limit,
    )
    service = cast(SupportsOfferLog, session.connection)
    way = "backwards" if newest_first else "on"
    return session.do(f"read the log {way} from {start}", lambda: service.log(request))


def _brief(entries: Sequence[LogEntry]) -> list[str]:
    return [f"{entry.action} {entry.ref.identifier}" for entry in entries]


@check("offer-log.entries")
def what_is_acknowledged_has_its_entry(bench: Bench) -> None:
    """Three puts and a deletion; seen by another session, each once it returned."""
    with bench.session() as session, bench.session() as other:
        done = []
        for action, name in (("write", "b"), ("write", "a"), ("delete", "b"), ("write", "b")):
            session.put(name) if action == "write" else session.delete(name)
            done.append(f"{action} {name}")
            same(_brief(page(bench, other)), done, "the log")
        entries = page(bench, other)
    numbers = [entry.number for entry in entries]
    expect(numbers == sorted(set(numbers)) and numbers[0] >= 1, f"the numbers are {numbers}")
    for entry in entries:
        expect(entry.logged_at.utcoffset() is not None, "a time without a time zone")
        same(entry.ref, bench.ref(entry.ref.identifier), "the object of an entry")


@check("offer-log.entries")
def each_container_has_its_own(bench: Bench) -> None:
    """An object in each of two; a container that does not exist has no entries."""
    with bench.session() as session:
        session.put("a")
        session.put(bench.ref("b", container=bench.other_container))
        same(_brief(page(bench, session)), ["write a"], "the log of one container")
        others = page(bench, session, container=bench.other_container)
        same(_brief(others), ["write b"], "the log of the other")


@check("offer-log.pages")
def pages_meet_both_ways(bench: Bench) -> None:
    """Seven entries, three at a time, read on from the last number seen; then backwards."""
    with bench.session() as session:
        for number in range(7):
            session.put(f"n{number}")
        whole = list(page(bench, session))
        same(len(whole), 7, "the number of entries")
        for backwards in (False, True):
            read: list[LogEntry] = []
            start: int | None = None
            while part := page(bench, session, start, newest_first=backwards, limit=3):
                expect(len(part) <= 3, f"a page of 3 has {len(part)} entries")
                read += part
                start = part[-1].number + (-1 if backwards else 1)
                if start < 0:
                    break
            same(read, whole[::-1] if backwards else whole, "the pages, one after the other")
        middle = whole[3].number
        same(page(bench, session, middle)[0], whole[3], "the first entry from a number on")
        back = page(bench, session, middle, newest_first=True)
        same(list(back), whole[3::-1], "the entries from a number backwards")


@check("offer-log.pages")
def nothing_is_read_past_the_end(bench: Bench) -> None:
    """From beyond the last number on, and before the first backwards."""
    with bench.session() as session:
        session.put("a")
        (entry,) = page(bench, session)
        same(list(page(bench, session, entry.number + 1)), [], "the entries past the last")
        before = page(bench, session, entry.number - 1, newest_first=True)
        same(list(before), [], "the entries before the first")


@check("offer-log.entries")
def numbers_grow_under_several_writers(bench: Bench) -> None:
    """Four sessions put at once: every put has a number, and no number two."""

    def put(number: int) -> None:
        with bench.session() as session:
            for count in range(5):
                session.put(f"n{number}-{count}")

    outcomes = together([lambda number=number: put(number) for number in range(4)])  # type: ignore[misc]
    same(outcomes, [None] * 4, "what became of the writers")
    with bench.session() as session:
        entries = page(bench, session)
    same(len(entries), 20, "the number of entries")
    grows = all(one.number < other.number for one, other in pairwise(entries))
    expect(grows, f"the numbers are {[entry.number for entry in entries]}")
    expect(all(entry.action is LogAction.WRITE for entry in entries), "an entry is no write")
