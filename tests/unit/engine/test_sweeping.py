"""Sweeping: what dead puts left goes, offer by offer; one that cannot be swept stops nobody."""

from __future__ import annotations

import pytest

from coffre.contract import InvalidRequestError
from coffre.engine import StrategyError
from tests.unit.engine.support import House


def test_leftovers_are_removed_on_every_offer_and_young_ones_are_kept(house: House) -> None:
    house.memory["north"].leave_behind(100, age=7200)
    house.memory["south"].leave_behind(50, age=10)

    done = {one.offer: (one.removed, one.kept, one.freed) for one in house.engine.sweep()}

    assert done == {"north": (1, 0, 100), "south": (0, 1, 0), "east": (0, 0, 0)}


def test_a_sweep_can_be_of_one_offer_and_of_another_age(house: House) -> None:
    for name in ("north", "south"):
        house.memory[name].leave_behind(50, age=10)

    (one,) = house.engine.sweep("south", older_than=5)

    assert (one.offer, one.removed) == ("south", 1)


def test_an_offer_that_is_down_is_told_and_the_others_are_swept(house: House) -> None:
    house.memory["south"].leave_behind(50, age=7200)
    house.down("north")

    done = {one.offer: one for one in house.engine.sweep()}

    assert done["north"].code == "offer-unavailable"
    assert done["south"].removed == 1


def test_a_sweep_that_cannot_be_meant_does_nothing(house: House) -> None:
    with pytest.raises(StrategyError):
        house.engine.sweep("nowhere")
    with pytest.raises(InvalidRequestError):
        house.engine.sweep(older_than=-1)
