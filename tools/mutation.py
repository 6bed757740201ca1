"""Mutation testing of the conformance kit: does it find the mistakes that a driver may have?

    python -m tools.mutation                      every mutant of both drivers (many minutes)
    python -m tools.mutation --sample 40          some, drawn under a seed
    python -m tools.mutation --only filesystem --survivors

A mutant is *found* when a trial of the kit fails (or it hangs, or cannot be loaded). Those that
survive are held against ``mutation_excused.toml``: *equal* ones behave no differently, *unseen*
ones differ in what no driver of the kit can look at from outside, a cut of power for instance;
each with a reason, and where else it is tested.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import random
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tools.mutation_operators import Mutant, mutants_of
from tools.mutation_targets import TARGETS
from tools.mutation_trial import SRC, SURVIVED, Target, judged

EXCUSED = Path(__file__).with_name("mutation_excused.toml")
GOAL = 0.9
"""Part of the mutants that differ which the kit must find."""


@dataclass
class Score:
    """What came of the mutants of one driver."""

    found: list[Mutant] = field(default_factory=list)
    survived: list[Mutant] = field(default_factory=list)
    equal: list[Mutant] = field(default_factory=list)
    unseen: list[Mutant] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Part of those that differ, as far as can be seen from outside, that was found."""
        differ = len(self.found) + len(self.survived)
        return len(self.found) / differ if differ else 1.0

    def note(self, mutant: Mutant, verdict: str) -> None:
        """Count one."""
        if verdict != SURVIVED:
            self.found.append(mutant)
        else:
            {"equal": self.equal, "unseen": self.unseen}.get(excuse(mutant), self.survived).append(
                mutant
            )

    def __str__(self) -> str:
        """In a line."""
        every = len(self.found) + len(self.survived) + len(self.equal) + len(self.unseen)
        return (
            f"{every} mutants: {len(self.found)} found, {len(self.survived)} survived, "
            f"{len(self.equal)} equal, {len(self.unseen)} unseen from outside: {self.share:.1%}"
        )


@cache
def excuses() -> tuple[tuple[str, str], ...]:
    """Patterns of mutants that survive with a reason, and which kind of reason."""
    read = tomllib.loads(EXCUSED.read_text())
    return tuple((one["mutant"], kind) for kind in ("equal", "unseen") for one in read[kind])


def excuse(mutant: Mutant) -> str:
    """``equal``, ``unseen``, or nothing."""
    found = (kind for pattern, kind in excuses() if _meant(mutant.key, pattern))
    return next(found, "")


def _meant(key: str, pattern: str) -> bool:
    # Brackets are code here, and no classes of letters.
    return fnmatch.fnmatchcase(key, pattern.replace("[", "[[]"))


def every_mutant(target: Target) -> list[Mutant]:
    """All mutants of a driver."""
    return [one for name in target.modules for one in mutants_of(name, SRC, target.leave)]


def score(target: Target, mutants: Iterable[Mutant], *, jobs: int, tell: bool = False) -> Score:
    """Try mutants of a driver.

    Args:
        target: the driver.
        mutants: which of them.
        jobs: processes at once.
        tell: print each that survives, as it is found.
    """
    result = Score()
    for mutant, verdict in judged(target, list(mutants), jobs=jobs):
        result.note(mutant, verdict)
        if tell and verdict == SURVIVED and mutant in result.survived:
            print(f"  survived: line {mutant.line}: {mutant.key}", flush=True)
    return result


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("--only", choices=[target.name for target in TARGETS])
    parser.add_argument("--module", help="only modules whose name ends so")
    parser.add_argument("--sample", type=int, help="so many of each driver, drawn")
    parser.add_argument("--goal", type=float, default=GOAL, help="share that must be found")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--survivors", action="store_true", help="print those that survive")
    given = parser.parse_args(arguments)
    enough = True
    for target in TARGETS:
        if given.only not in (None, target.name):
            continue
        mutants = [m for m in every_mutant(target) if m.module.endswith(given.module or "")]
        if given.sample is not None:
            chosen = random.Random(given.seed)
            mutants = chosen.sample(mutants, min(given.sample, len(mutants)))
        result = score(target, mutants, jobs=given.jobs, tell=given.survivors)
        print(f"{target.name}: {result}", flush=True)
        enough = enough and result.share >= given.goal
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
