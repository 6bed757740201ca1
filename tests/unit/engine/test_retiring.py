"""Retiring an offer: refused while anything needs it; then nothing counts on it or looks there."""

from __future__ import annotations

import json

import pytest

from coffre.contract import CoffreError
from coffre.engine import DeletionOrder, Engine, InvalidOrderError, PutItem, StrategyError
from coffre.engine import retiring as story
from coffre.engine.ledger import CopyState
from coffre.engine.ledger.checks import read_ranges
from coffre.engine.ledger.retiring import digest_of_copies
from tests.unit.engine.support import CHARTER, STRATEGIES, House, ref, strategy, told

MOVED = {"default": strategy("default", "south", "east", required=2)}


def moved(house: House) -> Engine:
    """The same house, where the north is in no strategy any more."""
    return Engine(house.offers, MOVED, house.ledger, clock=house.clock)


def retire(engine: Engine, name: str = "north") -> story.Retirement:
    return engine.retire(name, author="archivist", reason="contract ended")


def filled(house: House, count: int = 1) -> Engine:
    """Objects on three offers, of which two are enough."""
    items = [PutItem(ref=ref(f"n{n}"), source=str(n).encode()) for n in range(count)]
    wide = {"default": strategy("default", "north", "south", "east", required=2)}
    list(Engine(house.offers, wide, house.ledger, clock=house.clock).put_many(items))
    return moved(house)


def test_nothing_looks_at_a_retired_offer_any_more(house: House) -> None:
    engine = filled(house)

    retired = retire(engine)
    house.down("north")

    assert (retired.copies, retired.debts) == (1, 0)
    assert house.states(ref("n0"))["north"] is CopyState.RETIRED
    audit = engine.audit()
    assert (told(audit), audit.summary.copies) == ([], 2)
    assert (engine.stat(ref("n0")).verified, engine.stat(ref("n0")).counted) == (2, 2)
    assert list(engine.repair()) == []


def test_nothing_is_deleted_on_a_retired_offer_nor_told_as_unrecorded(house: House) -> None:
    engine = filled(house)

    retire(engine)

    assert house.held(ref("n0"))["north"] == b"0"
    assert list(engine.audit()) == []


def test_an_offer_that_a_strategy_names_is_not_retired(house: House) -> None:
    filled(house)

    refused(house, house.engine, "strategy 'alone' names")


def test_an_offer_is_not_retired_while_an_object_needs_its_copy(house: House) -> None:
    engine = filled(house, 3)
    house.memory["south"].damage(ref("n1"))
    list(engine.audit())

    refused(house, engine, "1 of the objects it holds")

    list(engine.repair())
    assert retire(engine).copies == 3


def test_a_copy_that_is_only_declared_replaces_no_verified_one(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="alone")
    house.memory["east"].plant(ref(), CHARTER)
    house.engine.rebuild("east")
    alone = {"alone": strategy("alone", "east", required=1)}
    engine = Engine(house.offers, alone, house.ledger, clock=house.clock)

    refused(house, engine, "0 of 1")

    list(engine.audit())
    assert retire(engine).copies == 1


def refused(house: House, engine: Engine, why: str) -> None:
    head = house.ledger.head()
    with pytest.raises(CoffreError, match=why) as refusal:
        retire(engine)
    assert refusal.value.code == "still-needed"
    assert house.ledger.head() == head


def test_an_offer_that_is_gone_can_be_retired(house: House) -> None:
    filled(house)
    left = {name: offer for name, offer in house.offers.items() if name != "north"}
    engine = Engine(left, MOVED, house.ledger, clock=house.clock)

    retire(engine)

    assert list(engine.audit()) == []


def test_what_was_owed_on_a_retired_offer_is_struck(house: House) -> None:
    house.down("north")
    filled(house)
    house.engine.put(CHARTER, ref("temporary", container="tmp"), strategy="lenient")
    house.engine.delete(
        DeletionOrder(ref=ref("temporary", container="tmp"), author="archivist", reason="old")
    )
    engine = moved(house)

    retired = retire(engine)
    house.up()

    assert (retired.copies, retired.debts) == (0, 2)
    assert not list(engine.debts())
    assert list(engine.audit()) == []


def test_the_log_says_who_why_and_which_copies(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "PAGE", 2)
    engine = filled(house, 3)
    before = house.ledger.head().seq

    retire(engine)

    events = list(house.ledger.events(before))
    assert [event.kind for event in events] == ["copies-retired", "copies-retired", "offer-retired"]
    bodies = [json.loads(event.body) for event in events]
    numbers = read_ranges(bodies[0]["objects"])
    assert bodies[0]["digest"] == f"sha512:{digest_of_copies(house.ledger.find_ids(numbers))}"
    assert bodies[2] == {
        "author": "archivist",
        "copies": 3,
        "debts": 0,
        "offer": "north",
        "reason": "contract ended",
    }


def test_a_retirement_that_was_cut_short_is_gone_on_with(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "PAGE", 1)
    engine = filled(house, 3)
    record, calls = house.ledger.retire_copies, []

    def dying(offer: str, records: list[object]) -> None:
        calls.append(offer)
        if len(calls) == 2:
            raise KeyboardInterrupt
        record(offer, records)  # type: ignore[arg-type]

    monkeypatch.setattr(house.ledger, "retire_copies", dying)
    with pytest.raises(KeyboardInterrupt):
        retire(engine)

    assert retire(engine).copies == 2


def test_an_offer_that_comes_back_into_a_strategy_is_looked_at_before_it_counts(
    house: House,
) -> None:
    engine = filled(house)
    retire(engine)
    back = Engine(house.offers, {**STRATEGIES}, house.ledger, clock=house.clock)

    assert told(back.audit()) == [("copy-owed", "n0", "north")]
    assert [one.action.value for one in back.repair()] == ["found-good"]
    assert house.states(ref("n0"))["north"] is CopyState.VERIFIED


def test_an_offer_that_nobody_knows_is_not_retired(house: House) -> None:
    with pytest.raises(StrategyError):
        retire(house.engine, "nowhere")


@pytest.mark.parametrize(("author", "reason"), [("", "old"), ("archivist", "  ")])
def test_a_retirement_is_signed_and_explained(house: House, author: str, reason: str) -> None:
    with pytest.raises(InvalidOrderError):
        moved(house).retire("north", author=author, reason=reason)
