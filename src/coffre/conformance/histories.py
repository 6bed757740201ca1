"""Histories: how hypothesis is made to search for one that goes wrong, within a time.

A failure that was found is shortened; when time is over the shortest so far is what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from coffre.conformance.bench import Bench
from coffre.conformance.trace import Trace
from coffre.contract import SYSTEM_CLOCK


@dataclass(slots=True)
class Search:
    """One search for a history that goes wrong: its place, its end, the shortest one found."""

    bench: Bench
    seconds: float
    """How long it may take, shortening included."""
    begun: float = field(default_factory=SYSTEM_CLOCK.monotonic)
    histories: Iterator[int] = field(default_factory=count)
    failures: list[tuple[Exception, Trace]] = field(default_factory=list)

    def over(self) -> bool:
        """Whether it has taken its time."""
        return SYSTEM_CLOCK.monotonic() - self.begun > self.seconds

    def went_wrong(self, history: Trace) -> bool:
        """Whether that history is the last that failed."""
        return bool(self.failures) and self.failures[-1][1] is history

    def shortest(self) -> tuple[Exception, Trace]:
        """The failure whose history is the shortest; of those that are, the last one tried."""
        return min(reversed(self.failures), key=lambda one: len(one[1].steps()))


class EnoughError(BaseException):
    """Time is over. No ``Exception``: hypothesis would take it for another failure."""


def search(
    bench: Bench,
    machine: type[RuleBasedStateMachine],
    *,
    histories: int,
    steps: int,
    seconds: float,
) -> None:
    """Try random histories.

    Args:
        bench: where; its seed decides which histories.
        machine: what a history is made of; it finds the search in its attribute ``search``.
        histories: how many, of those that go well.
        steps: most steps of one.
        seconds: how long it may take; what was found until then counts.

    Raises:
        Broken: the driver and the dictionary disagree; the bench's trace is the history.
    """
    found = Search(bench, seconds)
    bound = type("Histories", (machine,), {"search": found})
    wanted = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(bench.random.randrange(2**32))(bound), settings=wanted)
    except EnoughError:
        bench.remark("the model test ran out of time before it had tried all its histories")
    except Exception:
        if not found.failures:
            raise
    if found.failures:
        error, bench.trace = found.shortest()
        raise error
