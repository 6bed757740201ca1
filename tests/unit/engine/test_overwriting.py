"""Overwriting, in containers that allow it: swapped everywhere, or the old stays readable."""

from __future__ import annotations

import pytest

from coffre.contract import Capability, OfferFullError
from coffre.engine import NotEnoughCopiesError, RepairAction
from coffre.engine.ledger import CopyState, ObjectState
from coffre.offer import Offer
from coffre.testing import ErrorAfter, ErrorBefore
from tests.unit.engine.support import CHARTER, LARGE, House, ref, sha512

PLACE = ref("index", container="tmp")
NEW = b"the charter, amended"
BOTH = pytest.mark.parametrize(
    ("old", "new"), [(CHARTER, NEW), (CHARTER, LARGE), (LARGE, NEW)], ids=["small", "up", "down"]
)


@BOTH
def test_other_bytes_take_the_place_of_the_old_on_every_offer(
    house: House, old: bytes, new: bytes
) -> None:
    first = house.engine.put(old, PLACE)

    second = house.engine.put(new, PLACE)

    assert not second.already_stored
    assert house.held(PLACE) == {"north": new, "south": new}
    assert house.record(PLACE).digest == sha512(new)
    assert [one.state for one in house.ledger.all_under(PLACE)] == [
        ObjectState.STORED,
        ObjectState.REPLACED,
    ]
    assert second.event > first.event
    assert house.findings() == []


def test_the_same_bytes_again_replace_nothing(house: House) -> None:
    house.engine.put(CHARTER, PLACE)

    assert house.engine.put(CHARTER, PLACE).already_stored


def test_a_reader_that_has_the_old_one_open_keeps_it(house: House) -> None:
    house.engine.put(LARGE, PLACE)

    with house.engine.get(PLACE, verified=False) as reader:
        first = reader.read(10)
        house.engine.put(NEW, PLACE)
        assert first + reader.read() == LARGE


def test_too_few_offers_that_answer_replace_nothing_at_all(house: House) -> None:
    house.engine.put(CHARTER, PLACE)
    house.down("south")

    with pytest.raises(NotEnoughCopiesError, match="south: the offer does not answer"):
        house.engine.put(NEW, PLACE)

    assert house.held(PLACE) == {"north": CHARTER, "south": CHARTER}
    assert house.read(PLACE) == CHARTER


def test_too_few_offers_that_can_replace_replace_nothing_at_all(house: House) -> None:
    south = house.offers["south"]
    house.offers["south"] = Offer(
        "south", south.driver, south.parameters, withheld=frozenset({Capability.REPLACE})
    )
    house.engine.put(CHARTER, PLACE)

    with pytest.raises(NotEnoughCopiesError, match="cannot replace"):
        house.engine.put(NEW, PLACE)

    assert house.held(PLACE) == {"north": CHARTER, "south": CHARTER}


def test_an_overwrite_that_stops_half_way_leaves_the_old_readable_and_tells(house: House) -> None:
    house.engine.put(CHARTER, PLACE)
    house.chaos["south"].inject("put", ErrorBefore(OfferFullError))

    with pytest.raises(NotEnoughCopiesError):
        house.engine.put(NEW, PLACE)

    assert house.read(PLACE) == CHARTER
    assert house.record(PLACE).digest == sha512(CHARTER)
    assert house.states(PLACE) == {"north": CopyState.CORRUPT, "south": CopyState.VERIFIED}
    assert house.debts() == {("index", "north"): "half-replaced"}
    assert "deposit-refused" in [event.kind for event in house.ledger.events()]


def test_a_repair_puts_the_old_bytes_back_and_keeps_the_new_aside(house: House) -> None:
    house.engine.put(CHARTER, PLACE)
    house.chaos["south"].inject("put", ErrorBefore(OfferFullError))
    with pytest.raises(NotEnoughCopiesError):
        house.engine.put(NEW, PLACE)

    (outcome,) = house.engine.repair()

    assert outcome.action is RepairAction.REWRITTEN
    assert house.held(PLACE) == {"north": CHARTER, "south": CHARTER}
    assert [kept.data for kept in house.memory["north"].quarantined] == [NEW]


def test_an_offer_that_replaced_without_saying_so_is_told_as_well(house: House) -> None:
    house.engine.put(CHARTER, PLACE)
    house.chaos["south"].inject("put", ErrorAfter())

    with pytest.raises(NotEnoughCopiesError):
        house.engine.put(NEW, PLACE)

    assert set(house.states(PLACE).values()) == {CopyState.CORRUPT}
    assert house.engine.put(NEW, PLACE).verified == 2
    assert not house.debts()


def test_an_offer_that_keeps_the_old_bytes_owes_the_new(house: House) -> None:
    house.engine.put(CHARTER, PLACE, strategy="three")
    house.down("east")

    receipt = house.engine.put(NEW, PLACE, strategy="three")
    assert [copy.offer for copy in receipt.owed] == ["east"]
    house.up()
    (outcome,) = house.engine.repair()

    assert outcome.action is RepairAction.REWRITTEN
    assert house.held(PLACE) == {"north": NEW, "south": NEW, "east": NEW}


def test_old_bytes_that_another_strategy_left_behind_are_found_by_an_audit(house: House) -> None:
    house.engine.put(CHARTER, PLACE, strategy="three")

    house.engine.put(NEW, PLACE, strategy="default")

    assert house.findings() == [("object-unrecorded", "index", "east")]


def test_a_configured_right_overrules_the_protocols(house: House) -> None:
    from coffre.engine import ContainerRights, Engine
    from tests.unit.engine.support import STRATEGIES

    engine = Engine(
        house.offers, STRATEGIES, house.ledger, rights={"object": ContainerRights(overwrite=True)}
    )
    engine.put(CHARTER, ref())
    engine.put(NEW, ref())

    assert house.held(ref()) == {"north": NEW, "south": NEW}
