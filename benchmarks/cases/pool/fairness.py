"""Whether everyone is served: a crowd at every pool, with and without a pause between leases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial

from benchmarks.cases.pool.crowds import CROWD, WORK, Crowd, crowd
from benchmarks.cases.pool.fakes import SIZE
from benchmarks.cases.pool.peers import BARE, OURS, PEERS
from benchmarks.claims import claim
from benchmarks.measuring import Figure, Pair, Sample
from benchmarks.options import Case, Options

PAUSE = 0.0001
"""Seconds between giving back and asking again, where there is a pause."""
Run = Mapping[str, Crowd]


@cache
def runs_of(runs: int, seconds: float, pause: float) -> list[Run]:
    """A crowd at each pool, in turn; once, for all the claims about it."""
    return [{name: _crowd(name, seconds, pause) for name in PEERS} for _ in range(runs)]


def _crowd(name: str, seconds: float, pause: float) -> Crowd:
    with PEERS[name]() as peer:
        return crowd(peer, seconds=seconds, pause=pause)


Look = Callable[[Run], float]


def _figure(options: Options, name: str, look: Look, note: Look | None, pause: float) -> Figure:
    runs = runs_of(options.runs, options.seconds, pause)
    setting = f"{CROWD} threads, {SIZE} connections, {WORK * 1000:g} ms, {options.seconds:g} s"
    return Figure(
        claim=claim(name),
        values=tuple(map(look, runs)),
        setting=setting,
        pairs=tuple(Pair(_sample(run[BARE]), _sample(run[OURS])) for run in runs),
        notes={} if note is None else _notes(runs, note),
    )


def _notes(runs: list[Run], note: Look) -> dict[str, float]:
    """The same of the others, at their worst."""
    return {name: max(note({OURS: run[name]}) for run in runs) for name in PEERS if name != OURS}


def _sample(one: Crowd) -> Sample:
    """Seconds for a thousand leases."""
    return Sample(one.wall / one.total * 1000, one.cpu / one.total * 1000)


def _starved(run: Run) -> float:
    return run[OURS].starved


def _share(run: Run) -> float:
    return run[OURS].share


def _p99(run: Run) -> float:
    return run[OURS].p99


def _longest(run: Run) -> float:
    return run[OURS].longest


def _rate(run: Run) -> float:
    return run[OURS].rate / run[BARE].rate


def _processor(run: Run) -> float:
    return (run[OURS].cpu / run[OURS].total) / (run[BARE].cpu / run[BARE].total)


_LOOKS: tuple[tuple[str, Look, Look | None, float], ...] = (
    ("pool-fair-starved", _starved, _starved, 0.0),
    ("pool-fair-share", _share, _share, 0.0),
    ("pool-fair-p99", _p99, _p99, 0.0),
    ("pool-fair-longest", _longest, _longest, 0.0),
    ("pool-fair-rate", _rate, None, 0.0),
    ("pool-fair-processor", _processor, None, 0.0),
    ("pool-paused-share", _share, _share, PAUSE),
    ("pool-paused-longest", _longest, _longest, PAUSE),
)
CASES: dict[str, Case] = {
    name: partial(_figure, name=name, look=look, note=note, pause=pause)
    for name, look, note, pause in _LOOKS
}
