"""Trials of mutants: the kit against a driver with a mistake in it, each in a process of its own.

A process is forked from one that has the kit loaded and no driver yet; the child loads the driver
with the mistake in it, tries the kit's trials until one fails, and says which. Trials that have
found much in little time come first, so that most mutants are found in a moment.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from coffre.conformance import Harness, Outcome, Trial
from coffre.conformance import select as select_trials
from coffre.conformance.trying import attempt
from tools.mutation_operators import Mutant, mutated, source_of

SRC = Path("src")
DEADLINE = 40.0
"""Seconds after which a mutant that has not come to an end counts as found: it hangs."""
PATIENCE = 4.0
"""Seconds that one trial may take of a mutant."""
SURVIVED, HANGS, UNUSABLE = "survived", "hangs", "cannot be loaded or connected to"

Make = Callable[[Path], Iterable[Harness]]
"""Harnesses of a driver in a directory; every one of them is tried."""


@dataclass(frozen=True)
class Target:
    """A driver whose mutants are tried."""

    name: str
    modules: tuple[str, ...]
    harnesses: Make
    leave: frozenset[str] = frozenset()
    """Functions that are the tests' own, and no part of the driver."""


@dataclass
class Judge:
    """Who knows how long each trial takes, and how often it has found something."""

    trials: list[Trial]
    seconds: dict[str, float] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)

    def order(self) -> list[Trial]:
        """The trials, those worth most first."""
        return sorted(self.trials, key=self._worth, reverse=True)

    def _worth(self, trial: Trial) -> float:
        return (self.found[trial.id] + 0.05) / (self.seconds.get(trial.id, 0.02) + 0.005)


def fast_trials() -> list[Trial]:
    """The usual profiles, without a network: neither driver has one."""
    return [trial for trial in select_trials() if trial.check.profile != "faults"]


def judged(target: Target, mutants: list[Mutant], *, jobs: int) -> Iterator[tuple[Mutant, str]]:
    """Try each mutant; tell what found it, or that it survived.

    Raises:
        AssertionError: the driver itself, without a mistake, is found to break a duty.
    """
    judge = Judge(fast_trials())
    verdict, seconds = _measured(target, judge)
    assert verdict == SURVIVED, f"{target.name} as it is: {verdict}"
    judge.seconds = seconds
    left = list(reversed(mutants))
    running: dict[int, Child] = {}
    while left or running:
        while left and len(running) < jobs:
            child = Child(target, left.pop(), judge.order())
            running[child.reading] = child
        ready, _, _ = select.select(list(running), [], [], 0.2)
        now = time.monotonic()
        for reading in [one for one in running if one in ready or now > running[one].deadline]:
            child = running.pop(reading)
            verdict = child.ended(answered=reading in ready)
            judge.found[verdict] += 1
            yield child.mutant, verdict


def _measured(target: Target, judge: Judge) -> tuple[str, dict[str, float]]:
    """The driver as it is, and what each trial takes of it."""
    child = Child(target, None, judge.order())
    ready, _, _ = select.select([child.reading], [], [], 4 * DEADLINE)
    verdict = child.ended(answered=bool(ready))
    head, _, lines = verdict.partition("\n")
    pairs = (line.rpartition(" ") for line in lines.splitlines())
    return head, {trial: float(seconds) for trial, _, seconds in pairs}


class Child:
    """A process that tries one mutant."""

    def __init__(self, target: Target, mutant: Mutant | None, trials: list[Trial]) -> None:
        """Begin."""
        self.mutant = mutant  # type: ignore[assignment]
        self.place = Path(tempfile.mkdtemp(prefix="coffre-mutant-", dir=_memory()))
        self.deadline = time.monotonic() + DEADLINE
        self.reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            _live(target, mutant, trials, self.place, writing)
        os.close(writing)

    mutant: Mutant

    def ended(self, *, answered: bool) -> str:
        """What came of it."""
        if not answered:
            os.kill(self._process, signal.SIGKILL)
        said = b"".join(iter(lambda: os.read(self.reading, 1 << 16), b"")) if answered else b""
        os.close(self.reading)
        os.waitpid(self._process, 0)
        shutil.rmtree(self.place, ignore_errors=True)
        return said.decode() or (UNUSABLE if answered else HANGS)


def _live(
    target: Target, mutant: Mutant | None, trials: list[Trial], place: Path, writing: int
) -> None:
    """All of a child's life; it never returns."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if mutant is not None:
            sys.meta_path.insert(0, Changed(mutant))
        said = _tried(target, trials, place, measure=mutant is None)
    except BaseException:  # noqa: BLE001 - whatever the mistake led to, it shows
        said = UNUSABLE
    os.write(writing, said.encode())
    os._exit(0)


def _tried(target: Target, trials: list[Trial], place: Path, *, measure: bool) -> str:
    seconds: dict[str, float] = defaultdict(float)
    for harness in target.harnesses(place):
        harness.patience = PATIENCE
        with harness.driver.connect(harness.parameters) as connection:
            capabilities = connection.capabilities
        for trial in trials:
            verdict = attempt(trial, harness, seed=1, capabilities=capabilities)
            if verdict.outcome is Outcome.FAILED:
                return trial.id
            seconds[trial.id] += verdict.seconds
    lines = "".join(f"\n{trial} {one:.4f}" for trial, one in seconds.items())
    return SURVIVED + (lines if measure else "")


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the one module that has the mistake."""

    def __init__(self, mutant: Mutant) -> None:
        """Hold the mutant."""
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of that module alone."""
        if fullname != self._mutant.module:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Run it, with the mistake."""
        path = source_of(self._mutant.module, SRC)
        exec(compile(mutated(self._mutant, SRC), path, "exec"), vars(module))


def _memory() -> str | None:
    """A directory in memory, if there is one: a disk would be waited for at each flush."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
