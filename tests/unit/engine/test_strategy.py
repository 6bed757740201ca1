"""Strategies: what contradicts itself cannot be built, and readers go by rank."""

from __future__ import annotations

import pytest

from coffre.contract import DigestAlgorithm
from coffre.engine import Strategy, StrategyError, StrategyOffer, rights_of
from coffre.engine.containers import FREE, GROWING, KEPT, PROTOCOL_CONTAINERS, WRITE_ONCE
from tests.unit.engine.support import CHARTER, House, ref

NORTH = StrategyOffer(offer="north", rank=1)
SOUTH = StrategyOffer(offer="south", rank=2)


@pytest.mark.parametrize(
    ("copies", "required", "why"),
    [
        ((), 1, "names no offer"),
        ((NORTH, StrategyOffer(offer="north", rank=2)), 1, "names an offer twice"),
        ((NORTH, StrategyOffer(offer="south", rank=1)), 1, "gives two offers one rank"),
        ((NORTH, SOUTH), 0, "requires 0 verified copies of 2 offers"),
        ((NORTH, SOUTH), 3, "requires 3 verified copies of 2 offers"),
        (
            (
                StrategyOffer(offer="north", rank=1, referent=True),
                StrategyOffer(offer="south", rank=2, referent=True),
            ),
            1,
            "has two referents",
        ),
    ],
)
def test_a_strategy_that_contradicts_itself_is_refused(
    copies: tuple[StrategyOffer, ...], required: int, why: str
) -> None:
    with pytest.raises(StrategyError, match=f"strategy 'mine' {why}"):
        Strategy(name="mine", copies=copies, required=required)


@pytest.mark.parametrize("algorithm", [one for one in DigestAlgorithm if one.weak])
def test_a_weak_digest_is_refused(algorithm: DigestAlgorithm) -> None:
    with pytest.raises(StrategyError, match="weak"):
        Strategy(name="mine", copies=(NORTH,), required=1, algorithm=algorithm)


def test_offers_are_in_the_order_of_their_ranks() -> None:
    assert Strategy(name="mine", copies=(SOUTH, NORTH), required=1).offers == ("north", "south")


def test_the_lowest_rank_is_read_first(house: House) -> None:
    house.engine.put(CHARTER, ref())

    with house.engine.get(ref()) as reader:
        assert reader.offer == "north"


@pytest.mark.parametrize(
    ("container", "rights"),
    [
        ("object", WRITE_ONCE),
        ("report", KEPT),
        ("unit", FREE),
        ("backup_operation", GROWING),
        ("of-my-own", WRITE_ONCE),
    ],
)
def test_containers_have_the_rights_that_the_protocol_gives_them(
    container: str, rights: object
) -> None:
    assert rights_of(container, {}) == rights


def test_a_configured_right_comes_first() -> None:
    assert rights_of("object", {"object": FREE}) == FREE


def test_every_container_of_the_protocol_has_rights() -> None:
    assert len(PROTOCOL_CONTAINERS) == 22
