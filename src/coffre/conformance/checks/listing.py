"""Checks of containers listed: in order, whole, resumed anywhere."""

from __future__ import annotations

from collections.abc import Iterable

from coffre.conformance.bench import Bench
from coffre.conformance.broken import expect, same
from coffre.conformance.check import check, check_each, check_named
from coffre.conformance.contents import ScriptedContent
from coffre.contract import ListEntry, SizeMismatchError, SourceError

NAMES = ["-", "0", "@", "A", "B.a", "_", "a", "a-b", "a.b", "a.b.c", "aa", "b", "x" * 255]
"""Identifiers whose order by bytes is that of no language."""
ORDER = sorted(NAMES)
"""The order that is owed: by code point, which for ASCII is by byte."""


def fill(bench: Bench, names: Iterable[str]) -> None:
    """Store one object under each name."""
    with bench.session() as session:
        for name in names:
            session.put(name)


@check("list.order")
def entries_come_in_the_order_of_their_bytes(bench: Bench) -> None:
    """Stored in the opposite order."""
    fill(bench, reversed(ORDER))
    with bench.session() as session:
        same(session.names(), ORDER, "the identifiers")


@check("list.order")
def objects_stored_in_any_order_are_listed_in_one(bench: Bench) -> None:
    """Forty names drawn by chance, stored as they come."""
    letters = "-.@ABab01_"
    names = {"".join(bench.random.choices(letters, k=6)).strip(".") for _ in range(40)}
    names = {name for name in names if name and ".." not in name}
    fill(bench, names)
    with bench.session() as session:
        same(session.names(), sorted(names), "the identifiers")


@check("list.complete")
def each_is_listed_once_with_its_size(bench: Bench) -> None:
    """Objects of several sizes in two containers; each listing shows its own."""
    sizes = {"a": 0, "b": 1, "c": 1000, "d": 70_000}
    with bench.session() as session:
        for name, size in sizes.items():
            session.put(name, bytes(size))
        session.put(bench.ref("elsewhere", container=bench.other_container))
        with session.listing() as listing:
            entries = list(listing)
        expect(listing.complete, "a listing that was read to its end is not complete")
    owed = [ListEntry(identifier=name, size=size) for name, size in sizes.items()]
    same(entries, owed, "the entries")


@check("list.complete")
def another_tenants_objects_are_not_listed(bench: Bench) -> None:
    """Two tenants, one object each."""
    with bench.session() as session:
        session.put("mine")
        session.put(bench.ref("another-s", tenant=bench.other_tenant))
        same(session.names(), ["mine"], "the identifiers")


@check("list.complete")
def what_failed_to_be_stored_is_not_listed(bench: Bench) -> None:
    """Puts that were refused, and one that was not."""
    with bench.session() as session:
        session.put("good")
        for content in (
            ScriptedContent(b"x", SourceError("on purpose"), size=2),
            ScriptedContent(b"x", size=2),
        ):
            try:
                session.pull("bad", content, content.size)
            except (SourceError, SizeMismatchError):
                same(session.names(), ["good"], "the identifiers")


@check("list.complete")
def two_listings_at_once_are_apart(bench: Bench) -> None:
    """Two sessions list one container in turn, entry by entry."""
    fill(bench, NAMES)
    with (
        bench.session() as one,
        bench.session() as other,
        one.listing() as first,
        other.listing(prefix="a") as second,
    ):
        found = [next(first).identifier, next(second).identifier]
        same(found, [ORDER[0], "a"], "the first entries")
        same([entry.identifier for entry in first], ORDER[1:], "the rest of one")
        rest = [name for name in ORDER if name.startswith("a") and name != "a"]
        same([entry.identifier for entry in second], rest, "the rest of the other")


@check("list.fresh")
def it_shows_each_change_at_once(bench: Bench) -> None:
    """Listed after each of several puts and deletes, by the session and by another."""
    held: set[str] = set()
    with bench.session() as session, bench.session() as other:
        for name in ("m", "a", "z", "n"):
            session.put(name)
            held.add(name)
            for looker in (session, other):
                same(looker.names(), sorted(held), f"the container after the put of {name!r}")
        for name in ("a", "z", "m", "n"):
            other.delete(name)
            held.discard(name)
            for looker in (session, other):
                same(looker.names(), sorted(held), f"the container after the delete of {name!r}")


@check("list.empty")
def a_container_that_does_not_exist_is_empty_and_complete(bench: Bench) -> None:
    """One that was never written to, and one that was emptied again."""
    with bench.session() as session:
        session.put("it")
        with session.listing(container=bench.other_container) as listing:
            same(list(listing), [], "a container that was never written to")
        expect(listing.complete, "the listing of an empty container is not complete")
        session.delete("it")
        with session.listing() as listing:
            same(list(listing), [], "a container that was emptied")
        expect(listing.complete, "the listing of an emptied container is not complete")


AFTERS = {
    "nothing": "",
    "a-sign": "!",
    "the-first": ORDER[0],
    "between": "1",
    "one-that-goes-on": "a",
    "one-with-a-dot": "a.",
    "a-dotted-one": "a.b",
    "one-that-is-not-there": "ab",
    "the-last": "x" * 255,
    "beyond": "~",
}


@check_named("list.after", AFTERS)
def it_goes_on_after_any_text(bench: Bench, after: str) -> None:
    """Whether an object of that name exists or not."""
    fill(bench, NAMES)
    with bench.session() as session:
        same(session.names(after=after), [name for name in ORDER if name > after], "the rest")


@check("list.after")
def it_goes_on_after_what_was_deleted_meanwhile(bench: Bench) -> None:
    """A page is read, its last object deleted, and the listing resumed after it."""
    fill(bench, NAMES)
    with bench.session() as session:
        page = session.names(limit=5)
        session.delete(page[-1])
        same(session.names(after=page[-1]), ORDER[5:], "the rest")


PREFIXES = {
    "nothing": "",
    "a-letter": "a",
    "a-dotted-one": "a.b",
    "one-alone": "b",
    "none-begins-so": "c",
    "a-whole-name": "x" * 255,
    "longer-than-any-name": "x" * 256,
    "a-way-up": "../",
    "a-pattern": "a*",
    "a-capital": "A",
}


@check_named("list.prefix", PREFIXES)
def it_keeps_what_begins_so(bench: Bench, prefix: str) -> None:
    """Alone, and together with ``after``."""
    fill(bench, NAMES)
    owed = [name for name in ORDER if name.startswith(prefix)]
    with bench.session() as session:
        same(session.names(prefix=prefix), owed, "the identifiers")
        later = [name for name in owed if name > "a"]
        same(session.names(prefix=prefix, after="a"), later, "the identifiers after 'a'")


@check_each("list.limit", [0, 1, 5, len(NAMES) - 1, len(NAMES), len(NAMES) + 1, 1000])
def a_limit_is_kept_and_completeness_told(bench: Bench, limit: int) -> None:
    """Complete when, and only when, nothing is left."""
    fill(bench, NAMES)
    with bench.session() as session, session.listing(limit=limit) as listing:
        expect(not listing.complete, "a listing is complete before it was read")
        found = [entry.identifier for entry in listing]
    same(found, ORDER[:limit], "the identifiers")
    same(listing.complete, limit >= len(NAMES), "Listing.complete")


@check_each("list.limit", [1, 3, 5])
def it_can_be_read_page_by_page(bench: Bench, size: int) -> None:
    """Each page resumed after the last, until one says that it is complete."""
    fill(bench, NAMES)
    found: list[str] = []
    with bench.session() as session:
        for _ in range(len(NAMES) + 1):
            after = found[-1] if found else None
            with session.listing(after=after, limit=size) as page:
                found += [entry.identifier for entry in page]
            if page.complete:
                break
    same(found, ORDER, "the identifiers of all pages")
    expect(page.complete, "no page said that it was the last")


@check("list.steady")
def what_stays_is_listed_once_whatever_else_changes(bench: Bench) -> None:
    """During a listing one object is deleted, and one stored, behind and before it."""
    fill(bench, NAMES)
    with bench.session() as session, bench.session() as other, session.listing() as listing:
        found = [next(listing).identifier]
        other.delete("a")
        other.put("zz")
        other.put("--")
        found += session.do("read on", lambda: [entry.identifier for entry in listing])
    steady = [name for name in ORDER if name != "a"]
    same([name for name in found if name not in ("a", "zz", "--")], steady, "what stayed")
    same(found, sorted(set(found)), "the order, and that nothing comes twice")


@check("list.steady")
def a_session_may_store_and_delete_while_it_lists(bench: Bench) -> None:
    """Each entry is deleted as it comes: what a migration does, with a second session."""
    fill(bench, NAMES)
    with bench.session() as session, bench.session() as other:
        with session.listing() as listing:
            found = []
            for entry in listing:
                found.append(entry.identifier)
                other.delete(entry.identifier)
        same(found, ORDER, "the identifiers")
        same(session.names(), [], "the container afterwards")
