"""Claims: what is said of coffre's speed, memory and start, one line each.

The claims are the stable part. A run fills in figures; docs/explanation/performance.md lists
every claim, measured or not.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

BUDGETS = Path(__file__).with_name("budgets.toml")
"""System calls that one put may make; checked by the tests too."""


class Measure(Enum):
    """What a figure counts, and how it is written."""

    TIME = "x the time"
    """Wall time, as a multiple of the reference's; the median of the pairs' ratios."""
    RATE = "x the rate"
    """Objects or bytes a second, as a multiple of the reference's; the median likewise."""
    MICROSECONDS = "us an object"
    """Wall time an object, in microseconds; the median of the runs."""
    MILLISECONDS = "ms"
    """Wall time, in milliseconds; the median of the runs."""
    MEBIBYTES = "MiB"
    """Memory; the worst of the runs, since the largest need is the one to have room for."""
    CALLS = "system calls an object"
    """Counted, not timed; the worst of the runs."""

    @property
    def worst_counts(self) -> bool:
        """Whether the largest value stands for the runs, rather than the median."""
        return self in (Measure.MEBIBYTES, Measure.CALLS)


class Bound(Enum):
    """On which side of the target a figure must be."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    UNDER = "under"


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is said, and can be measured again by anyone."""

    name: str
    """What to call it on the command line; its first word is its group."""
    says: str
    against: str
    """The reference, measured in the same run; empty when the target stands alone."""
    measure: Measure
    bound: Bound
    target: float

    def is_met(self, value: float) -> bool:
        """Whether a figure, as measured and not as written, is on the right side."""
        if self.bound is Bound.AT_LEAST:
            return value >= self.target
        return value < self.target if self.bound is Bound.UNDER else value <= self.target

    def is_chosen(self, word: str) -> bool:
        """Whether a word of the command line means this claim, or its group."""
        return word == self.name or self.name.startswith(word + "-")


def budgets() -> dict[str, dict[str, float]]:
    """Budgets by kind of put: ``calls``, and ``flushes`` among them, for one object."""
    return tomllib.loads(BUDGETS.read_text(encoding="utf-8"))


_SHA512 = "hashlib's SHA-512 of the same file"
_PLAIN = "open, write, link, close and SHA-512, in plain Python"
_BARE = "a bare loop of open, write, fsync, link, fsync of the directory"
_THREADS = "bare hashlib over the same files, with as many threads"
_BUDGET = "the recorded budget"

CLAIMS = (
    Claim(
        "large-put-1",
        "put of a large object, durable and verified, to one offer",
        _SHA512,
        Measure.TIME,
        Bound.AT_MOST,
        1.05,
    ),
    Claim("large-put-2", "the same, to two offers", _SHA512, Measure.TIME, Bound.AT_MOST, 1.15),
    Claim("large-put-3", "the same, to three offers", _SHA512, Measure.TIME, Bound.AT_MOST, 1.25),
    Claim(
        "large-put-read",
        "put of a large object to one offer, and the copy read back",
        _SHA512,
        Measure.TIME,
        Bound.AT_MOST,
        2.1,
    ),
    Claim(
        "large-fetch",
        "a large object fetched to a file, verified",
        _SHA512,
        Measure.TIME,
        Bound.AT_MOST,
        1.1,
    ),
    Claim(
        "large-get",
        "a large object read through `get`, verified before its first byte",
        _SHA512,
        Measure.TIME,
        Bound.AT_MOST,
        1.1,
    ),
    Claim(
        "small-bulk-1",
        "bulk put of 16 KiB objects in memory, receipt and ledger included, to one offer",
        _PLAIN,
        Measure.MICROSECONDS,
        Bound.AT_MOST,
        110,
    ),
    Claim(
        "small-bulk-2", "the same, to two offers", _PLAIN, Measure.MICROSECONDS, Bound.AT_MOST, 170
    ),
    Claim(
        "small-durable",
        "puts of 16 KiB objects, each durable before the next",
        _BARE,
        Measure.RATE,
        Bound.AT_LEAST,
        0.8,
    ),
    Claim(
        "small-durable-bulk",
        "bulk put of 16 KiB objects, durable",
        _BARE,
        Measure.RATE,
        Bound.AT_LEAST,
        3,
    ),
    Claim(
        "small-durable-files",
        "`coffre put -r` of 16 KiB files, durable, start of the program included",
        _BARE,
        Measure.RATE,
        Bound.AT_LEAST,
        3,
    ),
    Claim("audit-large", "audit of 64 MiB objects", _THREADS, Measure.RATE, Bound.AT_LEAST, 0.9),
    Claim("audit-small", "audit of 16 KiB objects", _THREADS, Measure.RATE, Bound.AT_LEAST, 0.9),
    Claim(
        "memory-put",
        "peak memory over idle, put of a 4 GiB object to two offers",
        "",
        Measure.MEBIBYTES,
        Bound.UNDER,
        80,
    ),
    Claim(
        "memory-get",
        "peak memory over idle, get of a 4 GiB object",
        "",
        Measure.MEBIBYTES,
        Bound.UNDER,
        80,
    ),
    Claim(
        "memory-list-offer",
        "listing of 200,000 objects by an offer: growth over the second half",
        "",
        Measure.MEBIBYTES,
        Bound.AT_MOST,
        1,
    ),
    Claim(
        "memory-list-engine",
        "listing of 200,000 objects by the engine: growth over the second half",
        "",
        Measure.MEBIBYTES,
        Bound.AT_MOST,
        1,
    ),
    Claim(
        "start-import",
        "`import coffre`, start of the interpreter included",
        "`python -c pass`",
        Measure.MILLISECONDS,
        Bound.UNDER,
        60,
    ),
    Claim(
        "start-help",
        "`coffre --help`, start of the interpreter included",
        "`python -c pass`",
        Measure.MILLISECONDS,
        Bound.UNDER,
        200,
    ),
    Claim(
        "calls-durable",
        "system calls of a put of 16 KiB, durable by itself, to one offer",
        _BUDGET,
        Measure.CALLS,
        Bound.AT_MOST,
        budgets()["durable"]["calls"],
    ),
    Claim(
        "calls-bulk",
        "system calls of a put of 16 KiB, in a durable bulk job, to one offer",
        _BUDGET,
        Measure.CALLS,
        Bound.AT_MOST,
        budgets()["bulk"]["calls"],
    ),
)


def claim(name: str) -> Claim:
    """The claim of that name."""
    return next(each for each in CLAIMS if each.name == name)
