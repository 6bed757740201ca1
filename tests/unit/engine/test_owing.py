"""Owing: what a strategy wants is owed, though nothing failed; and a plan touches nothing."""

from __future__ import annotations

import pytest

from coffre.contract import ObjectNotFoundError
from coffre.engine import BrakeError, Engine, Limits, PutItem, RepairAction
from coffre.engine.ledger import CopyState
from tests.unit.engine.support import CHARTER, NAMES, STRATEGIES, House, ref, strategy, told

WIDER = {**STRATEGIES, "default": strategy("default", "north", "south", "east", required=2)}


def widened(house: House, limits: Limits | None = None) -> Engine:
    """The same house, whose default strategy now names a third offer."""
    return Engine(house.offers, WIDER, house.ledger, limits=limits, clock=house.clock)


def test_an_offer_new_in_a_strategy_owes_a_copy_of_what_was_stored_before(house: House) -> None:
    house.engine.put(CHARTER, ref("old"))
    engine = widened(house)
    engine.put(CHARTER, ref("new"))
    audit = engine.audit()

    assert told(audit) == [("copy-owed", "old", "east")]
    assert audit.summary.owed == audit.summary.findings == 1


def test_a_repair_makes_the_copies_of_an_offer_new_in_a_strategy(house: House) -> None:
    refs = [ref(f"n{number}") for number in range(3)]
    for one in refs:
        house.engine.put(one.identifier.encode(), one)
    engine = widened(house)

    outcomes = list(engine.repair())

    assert [(one.ref, one.offer, one.action) for one in outcomes] == [
        (one, "east", RepairAction.MADE) for one in refs
    ]
    assert all(house.held(one)["east"] == one.identifier.encode() for one in refs)
    assert list(engine.audit()) == []
    assert list(engine.repair()) == []


def test_an_object_with_a_debt_is_dealt_with_once(house: House) -> None:
    house.down("south")
    house.engine.put(CHARTER, ref(), strategy="lenient")
    house.up()
    both = {**STRATEGIES, "lenient": strategy("lenient", "north", "south", "east", required=1)}
    engine = Engine(house.offers, both, house.ledger, clock=house.clock)

    planned = [(one.offer, one.code) for one in engine.plan_repair()]
    outcomes = [one.offer for one in engine.repair()]

    assert planned == [("south", "offer-unavailable"), ("east", "never-made")]
    assert outcomes == ["south", "east"]


def test_objects_of_another_strategy_owe_nothing(house: House) -> None:
    house.engine.put(CHARTER, ref(), strategy="alone")

    assert list(widened(house).plan_repair()) == []


def test_the_brake_counts_copies_that_only_the_strategy_wants(house: House) -> None:
    list(house.engine.put_many(PutItem(ref=ref(f"n{n}"), source=b"x") for n in range(3)))
    engine = widened(house, Limits(brake_count=2))

    with pytest.raises(BrakeError):
        engine.repair()

    assert len(list(engine.repair(release_brake=True))) == 3


def test_a_plan_asks_no_offer_and_changes_nothing(house: House) -> None:
    house.engine.put(CHARTER, ref())
    house.memory["south"].damage(ref())
    list(house.engine.audit())
    head = house.ledger.head()
    house.down(*NAMES)
    engine = widened(house)

    planned = {(one.ref, one.offer, one.code) for one in engine.plan_repair()}

    assert planned == {(ref(), "south", "object-corrupt"), (ref(), "east", "never-made")}
    assert house.ledger.head() == head


def test_a_plan_and_a_repair_keep_to_their_scope(house: House) -> None:
    for one in (ref("a"), ref("b"), ref("a", tenant=1), ref("a", container="report")):
        house.engine.put(CHARTER, one)
    engine = widened(house)

    def planned(**scope: object) -> list[str]:
        return [str(one.ref) for one in engine.plan_repair(**scope)]  # type: ignore[arg-type]

    assert planned(refs=[ref("b")]) == ["0/object/b"]
    assert planned(tenant=1) == ["1/object/a"]
    assert planned(container="report") == ["0/report/a"]
    assert [str(one.ref) for one in engine.repair(refs=[ref("b")])] == ["0/object/b"]
    assert len(planned()) == 3


@pytest.mark.parametrize("work", ["repair", "plan_repair"])
def test_what_was_never_stored_cannot_be_repaired(house: House, work: str) -> None:
    house.engine.put(CHARTER, ref("a"))

    with pytest.raises(ObjectNotFoundError):
        getattr(house.engine, work)(refs=[ref("a"), ref("b")])


def test_a_copy_that_could_not_be_made_is_still_owed(house: House) -> None:
    house.engine.put(CHARTER, ref())
    engine = widened(house)
    house.down("east")

    (failed,) = engine.repair()
    house.up()
    (made,) = engine.repair()

    assert (failed.action, failed.code) == (RepairAction.FAILED, "offer-unavailable")
    assert made.action is RepairAction.MADE
    assert house.states(ref())["east"] is CopyState.VERIFIED
