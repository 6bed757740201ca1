from __future__ import annotations

from pathlib import Path

import pytest

from coffre.contract import Evidence, ObjectNotFoundError
from coffre.engine.ledger import (
    Check,
    CopyState,
    DebtKind,
    DeletionOrder,
    EventKind,
    Ledger,
    ObjectState,
    reading,
)
from tests.unit.engine.ledger.support import (
    NORTH,
    SOUTH,
    codes,
    deposit,
    digest,
    kinds,
    ref,
    stored_id,
    stranger,
)

ORDER = DeletionOrder(id="order-1", author="archivist", reason="out of time")


def owed(ledger: Ledger) -> list[tuple[int, str, str, str]]:
    return [(debt.object_id, debt.offer, debt.kind, debt.code) for debt in ledger.debts()]


def test_a_new_copy_pays_its_debt(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a", debts=[("south", "offer-full", "")])])
    number = stored_id(ledger, "a")

    ledger.record_copy(
        number,
        "south",
        state=CopyState.VERIFIED,
        evidence=Evidence.READ,
        kind=EventKind.COPY_ADDED,
    )

    found = ledger.find(ref("a"))
    assert found is not None
    assert found.verified_copies == 2
    assert found.debts == ()
    assert codes(ledger) == []


def test_a_corrupt_copy_becomes_a_debt_until_it_is_repaired(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a", copies=[NORTH, SOUTH])])
    number = stored_id(ledger, "a")

    ledger.record_copy(
        number,
        "south",
        state=CopyState.CORRUPT,
        evidence=Evidence.READ,
        kind=EventKind.COPY_CORRUPT,
        detail="digest differs",
    )
    assert owed(ledger) == [(number, "south", "copy", "copy-corrupt")]
    found = ledger.find(ref("a"))
    assert found is not None
    assert found.verified_copies == 1

    ledger.record_copy(
        number,
        "south",
        state=CopyState.VERIFIED,
        evidence=Evidence.READ,
        kind=EventKind.COPY_REPAIRED,
        detail="bad bytes put aside",
    )
    assert owed(ledger) == []
    assert kinds(ledger)[-2:] == ["copy-corrupt", "copy-repaired"]


def test_a_debt_keeps_the_day_it_was_made(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a", debts=[("south", "offer-full", "")])])
    number = stored_id(ledger, "a")
    before = list(ledger.debts())

    assert not ledger.add_debt(number, "south", DebtKind.COPY, code="offer-timeout")
    assert list(ledger.debts()) == before
    assert ledger.pay_debt(number, "south", DebtKind.COPY)
    assert not ledger.pay_debt(number, "south", DebtKind.COPY)
    assert ledger.add_debt(number, "south", DebtKind.COPY, code="offer-timeout", note="again")
    assert owed(ledger) == [(number, "south", "copy", "offer-timeout")]
    assert kinds(ledger)[-2:] == ["debt-paid", "debt-added"]


def test_debts_of_one_offer_can_be_asked_for(ledger: Ledger) -> None:
    both = [("south", "offer-full", ""), ("east", "offer-full", "")]
    ledger.record_deposits([deposit(name, debts=both) for name in "abc"])

    assert [debt.offer for debt in ledger.debts("east")] == ["east"] * 3


def test_a_copy_of_an_object_deleted_meanwhile_is_refused(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a")])
    number = stored_id(ledger, "a")
    ledger.order_deletion(ref("a"), ORDER)

    with pytest.raises(ObjectNotFoundError, match="deleted meanwhile"):
        ledger.record_copy(
            number,
            "south",
            state=CopyState.VERIFIED,
            evidence=Evidence.READ,
            kind=EventKind.COPY_ADDED,
        )


def test_a_deletion_is_ordered_then_done_offer_by_offer(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a", copies=[NORTH, SOUTH])])

    tombstone = ledger.order_deletion(ref("a"), ORDER)

    assert ledger.find(ref("a")) is None
    assert tombstone.state is ObjectState.DELETED
    assert tombstone.digest == digest(b"charter")
    assert [(debt.offer, debt.kind, debt.note) for debt in tombstone.debts] == [
        ("north", DebtKind.DELETION, "order-1"),
        ("south", DebtKind.DELETION, "order-1"),
    ]
    assert not ledger.record_copy_deleted(tombstone.id, "north")
    assert ledger.record_copy_deleted(tombstone.id, "south")

    last = ledger.last_state(ref("a"))
    assert last is not None
    assert [copy.state for copy in last.copies] == [CopyState.DELETED, CopyState.DELETED]
    assert last.debts == ()
    assert kinds(ledger)[2:] == [
        "deletion-ordered",
        "copy-deleted",
        "copy-deleted",
        "deletion-completed",
    ]
    assert codes(ledger) == []


def test_recording_a_deletion_twice_adds_no_event(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("a")])
    tombstone = ledger.order_deletion(ref("a"), ORDER)
    assert ledger.record_copy_deleted(tombstone.id, "north")
    head = ledger.head()

    assert ledger.record_copy_deleted(tombstone.id, "north")
    assert ledger.head() == head


def test_bytes_are_deleted_wherever_they_may_be(ledger: Ledger) -> None:
    """An offer that timed out may hold a copy that we know nothing of."""
    ledger.record_deposits([deposit("a", debts=[("south", "offer-timeout", "")])])

    tombstone = ledger.order_deletion(ref("a"), ORDER)

    assert [(debt.offer, debt.kind) for debt in tombstone.debts] == [
        ("north", DebtKind.DELETION),
        ("south", DebtKind.DELETION),
    ]


def test_deleting_what_is_not_stored_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ObjectNotFoundError) as caught:
        ledger.order_deletion(ref("a"), ORDER)
    assert caught.value.ref == ref("a")


def test_a_late_deletion_never_hits_a_later_object(ledger: Ledger) -> None:
    """Law 4: what an offer owes to an old order must not destroy what was stored there since."""
    ledger.record_deposits([deposit("a", b"old", copies=[NORTH, SOUTH])])
    old = ledger.order_deletion(ref("a"), ORDER)

    ledger.record_deposits([deposit("a", b"new", copies=[NORTH])])

    assert owed(ledger) == [(old.id, "south", "deletion", "deletion-ordered")]
    ledger.record_copy(
        stored_id(ledger, "a"),
        "south",
        state=CopyState.VERIFIED,
        evidence=Evidence.READ,
        kind=EventKind.COPY_ADDED,
    )
    assert owed(ledger) == []
    assert [c.state for c in ledger.all_under(ref("a"))[1].copies] == [
        CopyState.REPLACED,
        CopyState.REPLACED,
    ]
    assert codes(ledger) == []


def test_the_history_of_a_reference_covers_all_its_objects(ledger: Ledger) -> None:
    ledger.record_deposits([deposit("b"), deposit("a", b"old")])
    old = ledger.order_deletion(ref("a"), ORDER)
    ledger.record_copy_deleted(old.id, "north")
    ledger.record_deposits([deposit("a", b"new")])

    assert [event.kind for event in ledger.history(ref("a"))] == [
        "object-deposited",
        "deletion-ordered",
        "copy-deleted",
        "deletion-completed",
        "object-deposited",
    ]


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_history_longer_than_a_page_misses_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(reading, "PAGE", page)
    ledger.record_deposits([deposit("a"), deposit("b")])
    for _ in range(4):
        ledger.record_deposits([deposit("a")])

    assert [event.seq for event in ledger.history(ref("a"))] == [2, 4, 5, 6, 7]


def test_a_history_is_read_by_its_index(embedded: Ledger, path: Path) -> None:
    embedded.record_deposits([deposit("a")])
    embedded.record_deposits([deposit("a")])
    asked: list[str] = []
    with embedded._database.reading() as transaction:
        connection = transaction._cursor.connection  # type: ignore[attr-defined]
        connection.set_trace_callback(asked.append)
    assert len([*embedded.history(ref("a"))]) == 2

    with stranger(path) as other:
        plans = [
            str(row[3])
            for sql in asked
            if sql.startswith("SELECT events")
            for row in other.execute(f"EXPLAIN QUERY PLAN {sql}")
        ]
    assert len(plans) == 3
    assert [plan for plan in plans if not plan.startswith("SEARCH events USING I")] == []


def test_text_that_is_not_valid_text_is_kept_readable(url: str) -> None:
    """File names in messages: a NUL, a byte that is no UTF-8."""
    awful = "caf\udce9\0é"
    with Ledger.open(url, author=awful) as ledger:
        ledger.record_deposits([deposit("a", debts=[("south", "source-unreadable", awful)])])
        number = stored_id(ledger, "a")
        for state in (CopyState.CORRUPT, CopyState.VERIFIED):
            ledger.record_copy(
                number,
                "north",
                state=state,
                evidence=Evidence.READ,
                kind=EventKind.COPY_CORRUPT,
                detail=awful,
            )
        ledger.add_debt(number, "east", DebtKind.COPY, code="x", note=awful)
        ledger.record_checks(
            [
                Check(
                    object_id=number,
                    offer="north",
                    state=CopyState.MISSING,
                    evidence=Evidence.PRESENT,
                    detail=awful,
                )
            ]
        )
        order = DeletionOrder(id=awful, author=awful, reason=awful)
        ledger.order_deletion(ref("a"), order)
        ledger.record_copy_deleted(number, "north", detail=awful)

        assert {debt.note for debt in ledger.debts()} == {"caf\\udce9\\x00é"}
        assert codes(ledger) == []
