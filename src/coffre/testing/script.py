"""Scripts: when which fault fires. A rule counts calls, a chance draws under a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from coffre.contract import ConnectionLostError, ObjectRef, OfferTimeoutError
from coffre.testing.answer_faults import (
    BrokenListing,
    FalselyAbsent,
    IncompleteListing,
    LyingDigest,
    ParrotDigest,
    StaleListing,
    WrongSize,
)
from coffre.testing.faults import ErrorAfter, ErrorBefore, Fault, Latency
from coffre.testing.read_faults import BrokenRead, FlipOnRead, ShortRead
from coffre.testing.write_faults import FlipOnWrite, LostWrite, TornWrite

ANY = "*"
"""Every operation that the fault makes sense for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault that fires at counted calls."""

    operation: str
    """Name of the method of driver or connection: ``put``, ``connect``, ``bulk_put`` ...; or
    :data:`ANY`."""
    fault: Fault
    nth: int = 1
    """First call at which it fires, from 1; only calls that match the rule count."""
    times: int | None = 1
    """Consecutive calls at which it fires; every one from then on when ``None``."""
    ref: ObjectRef | None = None
    """Only calls about this object."""

    def __post_init__(self) -> None:
        """Refuse a rule that could never fire.

        Raises:
            ValueError: the fault makes no sense for the operation, or calls count from 1.
        """
        _check(self.operation, self.fault)
        if self.nth < 1:
            raise ValueError("calls count from 1")

    def matches(self, operation: str, ref: ObjectRef | None) -> bool:
        """Whether a call counts."""
        return _concerns(self.operation, self.fault, operation) and self.ref in (None, ref)

    def fires(self, count: int, chance: random.Random) -> bool:
        """Whether it fires at the ``count``-th call that matches."""
        return count >= self.nth and (self.times is None or count < self.nth + self.times)


@dataclass(frozen=True, slots=True)
class Chance:
    """A fault that fires now and then."""

    operation: str
    """As for :class:`Rule`."""
    fault: Fault
    rate: float
    """Probability at each call that matches, from 0 to 1."""

    def __post_init__(self) -> None:
        """Refuse a chance that could never fire, or is not one.

        Raises:
            ValueError: the fault makes no sense for the operation, or the rate is out of range.
        """
        _check(self.operation, self.fault)
        if not 0 <= self.rate <= 1:
            raise ValueError("a rate lies between 0 and 1")

    def matches(self, operation: str, ref: ObjectRef | None) -> bool:
        """Whether a call counts."""
        return _concerns(self.operation, self.fault, operation)

    def fires(self, count: int, chance: random.Random) -> bool:
        """Draw."""
        return chance.random() < self.rate


def _check(operation: str, fault: Fault) -> None:
    if operation != ANY and not fault.befalls(operation):
        raise ValueError(f"{fault!r} makes no sense for {operation}")


def _concerns(wanted: str, fault: Fault, operation: str) -> bool:
    return wanted in (ANY, operation) and fault.befalls(operation)


BAD_WEATHER: tuple[Chance, ...] = (
    Chance(ANY, Latency(0.5), 0.05),
    Chance(ANY, ErrorBefore(), 0.03),
    Chance(ANY, ErrorBefore(OfferTimeoutError), 0.02),
    Chance(ANY, ErrorBefore(ConnectionLostError), 0.02),
    Chance("put", ErrorAfter(), 0.05),
    Chance("bulk_put", ErrorAfter(), 0.05),
    Chance("delete", ErrorAfter(), 0.05),
    Chance("get", BrokenRead(), 0.05),
    Chance("list", BrokenListing(after=1), 0.03),
)
"""What befalls an honest offer behind a bad network: every failure shows as an error."""

BAD_FAITH: tuple[Chance, ...] = (
    Chance("get", ShortRead(), 0.03),
    Chance("get", FlipOnRead(), 0.03),
    Chance(ANY, FlipOnWrite(), 0.03),
    Chance(ANY, TornWrite(), 0.02),
    Chance(ANY, LostWrite(), 0.02),
    Chance(ANY, LyingDigest(), 0.02),
    Chance("stat", ParrotDigest(), 0.1),
    Chance(ANY, WrongSize(), 0.01),
    Chance(ANY, FalselyAbsent(), 0.02),
    Chance("list", StaleListing(), 0.05),
    Chance("list", IncompleteListing(keep=1), 0.03),
)
"""What an offer does that loses, spoils and denies: failures that show only to who looks."""
