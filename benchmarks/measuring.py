"""Measuring: pairs of runs, one of the reference and one of ours, again and again.

The two are interleaved, so that a disturbance of the machine meets both; each pair gives one
ratio, and the median of the ratios is the figure. Every run has a directory of its own, under
a name of its own: nothing that a process remembers helps the next run.

Directories of many files stay until everything is measured. An ext4 without a journal will not
use the number of a file again for minutes after it was deleted, and looks past all of those at
each creation: tidying up after one run would make the next one several times slower.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.claims import Claim, Measure

Work = Callable[[], object]
"""What is timed, and nothing else."""
Arm = Callable[[Path], AbstractContextManager[Work]]
"""One side of a comparison: given a fresh directory it prepares, lends the work to be timed,
and afterwards checks what the work did."""


class NotMeasuredError(Exception):
    """A figure that cannot be had here, and why; the others are."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processor, of all threads and of children that ended."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One run of the reference, and one of ours right after it."""

    reference: Sample
    ours: Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured of one claim."""

    claim: Claim
    values: tuple[float, ...]
    """One for each run, in the claim's unit."""
    setting: str
    """How much of what, and in what state the page cache was."""
    pairs: tuple[Pair, ...] = ()
    notes: dict[str, float] = field(default_factory=dict)
    """Other numbers of the same run, by what they are."""

    @property
    def value(self) -> float:
        """The figure itself, as measured."""
        if self.claim.measure.worst_counts:
            return max(self.values)
        return statistics.median(self.values)

    @property
    def is_met(self) -> bool:
        """Whether the claim holds."""
        return self.claim.is_met(self.value)


def timed(work: Work) -> Sample:
    """Run once, with the clocks around it."""
    cpu, wall = _cpu(), time.perf_counter()
    work()
    wall = time.perf_counter() - wall
    return Sample(wall, _cpu() - cpu)


def compare(
    claim: Claim,
    reference: Arm,
    ours: Arm,
    *,
    place: Path,
    runs: int,
    setting: str,
    objects: int = 1,
    keep: bool = True,
) -> Figure:
    """Run pairs, and make the figure of a claim that is about time.

    The first pair is not counted: it loads what is loaded late, and warms the page cache.

    Args:
        claim: what is measured.
        reference: one side.
        ours: the other.
        place: where each run's directory is made; on the file system to be measured.
        runs: number of pairs that count.
        setting: told beside the figure.
        objects: how many each run deals with.
        keep: leave what the runs wrote to whoever made ``place``; else it goes after each run,
            which is for few and large files.
    """
    pairs = []
    for run in range(runs + 1):
        first = _one(reference, place / f"reference-{run}", keep=keep)
        pairs.append(Pair(first, _one(ours, place / f"ours-{run}", keep=keep)))
    counted = pairs[1:]
    values = tuple(_value(claim.measure, pair, objects) for pair in counted)
    return Figure(claim=claim, values=values, setting=setting, pairs=tuple(counted))


def median(samples: Sequence[Sample]) -> Sample:
    """The middle of some runs, wall and processor apart."""
    return Sample(
        statistics.median(each.wall for each in samples),
        statistics.median(each.cpu for each in samples),
    )


def _one(arm: Arm, place: Path, *, keep: bool) -> Sample:
    place.mkdir(parents=True)
    try:
        with arm(place) as work:
            # Nobody pays for what the run before has left: garbage, or pages to write back.
            gc.collect()
            os.sync()
            return timed(work)
    finally:
        if not keep:
            shutil.rmtree(place)


def _value(measure: Measure, pair: Pair, objects: int) -> float:
    ours, reference = pair.ours.wall, pair.reference.wall
    return {
        Measure.TIME: ours / reference,
        Measure.RATE: reference / ours,
        Measure.PROCESSOR: pair.ours.cpu / pair.reference.cpu,
        Measure.MICROSECONDS: ours * 1e6 / objects,
        Measure.MILLISECONDS: ours * 1e3 / objects,
    }[measure]


def _cpu() -> float:
    used = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        used += usage.ru_utime + usage.ru_stime
    return used
