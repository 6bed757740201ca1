"""Harnesses for tests of the kit itself: memory offers with nothing around them."""

from __future__ import annotations

from itertools import count

from coffre.conformance import Harness
from coffre.contract import ConnectionParameters, Driver
from coffre.testing import Chance, ChaosDriver, MemoryDriver, MemoryOffer, Rule

_numbers = count()


def harness_of(driver: Driver | None = None) -> Harness:
    """A harness without a hook, over an offer of its own."""
    url = f"memory://kit-{next(_numbers)}"
    return Harness(driver or MemoryDriver(), ConnectionParameters(url=url))


def liar(*script: Rule | Chance) -> Harness:
    """A harness whose driver misbehaves."""
    return harness_of(ChaosDriver(MemoryDriver(), script))


def offer_of(harness: Harness) -> MemoryOffer:
    return MemoryOffer.at(harness.parameters.url)
