"""What a claim is: one thing that is said of coffre, in a unit, with a target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Measure(Enum):
    """What a figure counts, and how it is written."""

    TIME = "x the time"
    """Wall time, as a multiple of the reference's; the median of the pairs' ratios."""
    RATE = "x the rate"
    """Things a second, as a multiple of the reference's; the median likewise."""
    PROCESSOR = "x the processor time"
    """Seconds of processor for each thing done, as a multiple of the reference's; likewise."""
    MICROSECONDS = "us an object"
    """Wall time an object, in microseconds; the median of the runs."""
    EACH = "us each"
    """Wall time of one of what is claimed, in microseconds; the median of the runs."""
    MILLISECONDS = "ms"
    """Wall time, in milliseconds; the median of the runs."""
    MEBIBYTES = "MiB"
    """Memory; the worst of the runs, since the largest need is the one to have room for."""
    KIBIBYTES = "KiB each"
    """Memory of one of what is claimed; the worst of the runs."""
    CALLS = "system calls an object"
    """Counted, not timed; the worst of the runs."""
    COUNT = "of them"
    """Counted; the worst of the runs."""
    SHARE = "x the smallest share"
    """What the luckiest got, as a multiple of what the unluckiest did; the worst of the runs."""
    TURNS = "fair turns"
    """A wait, as a multiple of what it would be were everyone served in turn; the worst."""

    @property
    def worst_counts(self) -> bool:
        """Whether the largest value stands for the runs, rather than the median."""
        return self in _WORST


_WORST = {
    Measure.MEBIBYTES,
    Measure.KIBIBYTES,
    Measure.CALLS,
    Measure.COUNT,
    Measure.SHARE,
    Measure.TURNS,
}


class Bound(Enum):
    """On which side of the target a figure must be."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    UNDER = "under"


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is said, and can be measured again by anyone."""

    name: str
    """What to call it on the command line; its first words are its group."""
    says: str
    against: str
    """The reference, measured in the same run; empty when the target stands alone."""
    measure: Measure
    bound: Bound
    target: float
    page: str = "performance.md"
    """Where its figure is told, in docs/explanation."""

    def is_met(self, value: float) -> bool:
        """Whether a figure, as measured and not as written, is on the right side."""
        if self.bound is Bound.AT_LEAST:
            return value >= self.target
        return value < self.target if self.bound is Bound.UNDER else value <= self.target

    def is_chosen(self, word: str) -> bool:
        """Whether a word of the command line means this claim, or its group."""
        return word == self.name or self.name.startswith(word + "-")
