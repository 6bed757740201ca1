from __future__ import annotations

import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from coffre.contract import Evidence
from coffre.engine.ledger import CopyState, DeletionOrder, EventKind, Ledger
from tests.unit.engine.ledger.support import NORTH, SOUTH, deposit, fill, ref, stored_id

NAMES = ["a", "A", "B", "a-b", "a.b", "a_b", "a@b", "ab", "Z", "0", "-", "_"]


def names(ledger: Ledger, **which: object) -> list[str]:
    return [record.ref.identifier for record in ledger.objects(**which)]  # type: ignore[arg-type]


def test_listings_are_bytewise_whatever_the_database_speaks(ledger: Ledger) -> None:
    ledger.record_deposits([deposit(name) for name in NAMES])

    assert names(ledger) == sorted(NAMES)


def test_a_listing_can_be_narrowed_and_resumed(ledger: Ledger) -> None:
    refs = [
        ref(name, container, tenant)
        for tenant in (0, 2, 10)
        for container in ("object", "report")
        for name in ("a1", "a2", "b1")
    ]
    ledger.record_deposits([deposit(r) for r in refs])

    assert [record.ref for record in ledger.objects()] == sorted(refs)
    assert [r.ref for r in ledger.objects(tenant=2)] == sorted(r for r in refs if r.tenant == 2)
    assert names(ledger, tenant=2, container="report", prefix="a") == ["a1", "a2"]
    assert names(ledger, prefix="b") == ["b1"] * 6
    after = ref("a2", "report", 2)
    assert [r.ref for r in ledger.objects(after=after)] == [r for r in sorted(refs) if r > after]
    assert names(ledger, tenant=2, container="report", after=after) == ["b1"]
    assert ledger.places() == sorted({(r.tenant, r.container) for r in refs})


def test_a_listing_longer_than_a_page_misses_nothing(ledger: Ledger) -> None:
    fill(ledger, 2001, batch=2001)

    assert names(ledger) == [f"{number:06}" for number in range(2001)]
    by_id = [record.ref.identifier for record in ledger.objects_by_id()]
    assert by_id == [f"{number:06}" for number in range(2001)]
    assert len([*ledger.objects_on("north")]) == 2001
    assert len([*ledger.events()]) == 2002


def test_what_is_stored_while_a_listing_runs_does_not_disturb_it(ledger: Ledger) -> None:
    fill(ledger, 1500, batch=500)
    listing = ledger.objects()
    seen = [next(listing).ref.identifier]
    ledger.record_deposits([deposit("000000-late"), deposit("zzz")])
    ledger.order_deletion(ref("000001"), DeletionOrder(id="1", author="me", reason="law"))

    seen += [record.ref.identifier for record in listing]

    untouched = [f"{number:06}" for number in range(1500) if number != 1]
    assert [name for name in seen if name in set(untouched)] == untouched
    assert seen[-1] == "zzz"


def test_objects_on_an_offer_are_those_it_holds_or_should_hold(ledger: Ledger) -> None:
    ledger.record_deposits(
        [deposit("a", copies=[NORTH]), deposit("b", copies=[SOUTH]), deposit("c")]
    )
    ledger.record_copy(
        stored_id(ledger, "c"),
        "south",
        state=CopyState.MISSING,
        evidence=Evidence.PRESENT,
        kind=EventKind.COPY_MISSING,
    )
    ledger.record_deposits([deposit("d", copies=[SOUTH])])
    ledger.order_deletion(ref("d"), DeletionOrder(id="1", author="me", reason="law"))

    assert [record.ref.identifier for record in ledger.objects_on("south")] == ["b", "c"]
    assert list(ledger.objects_on("west")) == []


def test_names_on_an_offer_are_those_it_may_hold_something_under(ledger: Ledger) -> None:
    owed = [("south", "offer-full", "")]
    ledger.record_deposits(
        [
            deposit("c"),
            deposit("a", copies=[NORTH], debts=owed),
            deposit("b", copies=[NORTH]),
            deposit("deleted"),
            deposit(ref("elsewhere", "report")),
            deposit(ref("others", "object", 7)),
        ]
    )
    ledger.record_copy(
        stored_id(ledger, "c"),
        "south",
        state=CopyState.CORRUPT,
        evidence=Evidence.READ,
        kind=EventKind.COPY_CORRUPT,
    )
    ledger.order_deletion(ref("deleted"), DeletionOrder(id="1", author="me", reason="law"))

    assert list(ledger.names_on("south", 0, "object")) == ["a", "c"]
    assert list(ledger.names_on("west", 0, "object")) == []


def test_more_names_than_a_page_are_all_told_in_bytewise_order(ledger: Ledger) -> None:
    fill(ledger, 2001, batch=2001)

    assert list(ledger.names_on("north", 0, "object")) == [f"{n:06}" for n in range(2001)]


def test_objects_are_found_by_number_whatever_became_of_them(ledger: Ledger) -> None:
    fill(ledger, 3)
    ids = [record.id for record in ledger.objects_by_id()]
    ledger.order_deletion(ref("000001"), DeletionOrder(id="1", author="me", reason="law"))

    found = ledger.find_ids([*reversed(ids), 4711])

    assert [record.id for record in found] == ids
    assert [record.state for record in found] == ["stored", "deleted", "stored"]


def test_more_debts_than_a_page_are_all_told(ledger: Ledger) -> None:
    owed = [("east", "offer-full", ""), ("south", "offer-full", ""), ("west", "offer-full", "")]
    ledger.record_deposits([deposit(f"{n:04}", debts=owed) for n in range(700)])

    debts = [(debt.object_id, debt.offer) for debt in ledger.debts()]

    assert len(debts) == len(set(debts)) == 2100
    assert debts == sorted(debts)


def test_counts_say_what_is_there(ledger: Ledger) -> None:
    ledger.record_deposits(
        [deposit("a", b"12345", copies=[NORTH, SOUTH]), deposit("b", b"123")], replacing=True
    )
    ledger.record_deposits([deposit("b", b"1234")], replacing=True)
    ledger.order_deletion(ref("a"), DeletionOrder(id="1", author="me", reason="law"))

    counts = ledger.counts()

    assert counts.objects == {"stored": 1, "replaced": 1, "deleted": 1}
    assert counts.bytes_stored == 4
    assert counts.copies == {"verified": 3, "replaced": 1}
    assert counts.debts == {"deletion": 2}
    assert counts.events == ledger.head().seq == 5


def test_listing_takes_constant_memory(embedded: Ledger) -> None:
    fill(embedded, 10_000, batch=2_000)
    for _record in embedded.objects():  # statements compiled, caches full
        pass
    tracemalloc.start()
    try:
        count = sum(1 for _record in embedded.objects())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 10_000
    assert peak < 4_000_000, f"{peak} bytes for pages of 1,000"


@settings(max_examples=25)
@given(st.sets(st.from_regex(r"[AZaz0_@-]{1,3}", fullmatch=True), max_size=12), st.data())
def test_any_place_of_a_listing_can_be_resumed_from(
    identifiers: set[str], data: st.DataObject
) -> None:

    after = data.draw(st.from_regex(r"[AZaz0_@-]{1,3}", fullmatch=True))
    prefix = data.draw(st.sampled_from(["", "a", "Z-"]))
    with (
        TemporaryDirectory() as folder,
        Ledger.open(str(Path(folder) / "l.db"), author="tester") as ledger,
    ):
        ledger.record_deposits([deposit(name) for name in sorted(identifiers)])
        listed = names(ledger, prefix=prefix, after=ref(after))

    assert listed == sorted(n for n in identifiers if n > after and n.startswith(prefix))
