"""What trials have disproved is not relied on, whoever asks in the same moment."""

from __future__ import annotations

import pytest

from coffre.contract import Capability
from coffre.offer import Offer, Standing
from coffre.offer.sessions import Sessions
from coffre.testing import MemoryDriver
from tests.conformance.harnesses import parameters_of

DISPROVED = Standing(word="disproved", withheld={Capability.REPLACE: "a trial failed"})


def offer() -> Offer:
    driver = MemoryDriver()
    return Offer("north", driver, parameters_of(driver, user="one"))


def test_what_was_disproved_is_withheld_and_comes_back_when_it_is_mended() -> None:
    north = offer()
    assert Capability.REPLACE in north.capabilities
    north.stand(DISPROVED)
    assert Capability.REPLACE not in north.capabilities
    north.stand(Standing(word="proved"))
    assert Capability.REPLACE in north.capabilities


def test_whoever_asked_while_it_was_disproved_does_not_keep_the_answer_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Chance is played: the trials end while a thread works out what can be relied on."""
    north = offer()
    relied_on = Sessions._relied_on

    def ends_meanwhile(*given: object) -> frozenset[Capability]:
        monkeypatch.setattr(Sessions, "_relied_on", relied_on)
        found = relied_on(*given)  # type: ignore[arg-type]
        north.stand(DISPROVED)
        return found

    monkeypatch.setattr(Sessions, "_relied_on", ends_meanwhile)
    assert north.capabilities
    assert Capability.REPLACE not in north.capabilities
