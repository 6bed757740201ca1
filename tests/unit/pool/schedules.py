"""A small model checker: every interleaving of a few actors, over whatever world they act in.

An actor is a generator, and between two of its steps any other may move. All schedules are tried,
depth first. States seen before are not explored again; a state is reached by replaying its
schedule, so actors need not be copied.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Actor = Generator[Sequence[str], str, None]
"""Yields the moves it can make now; none while it is blocked."""
Schedule = tuple[tuple[int, str], ...]
"""Who moves, and how, one after the other."""
Options = dict[int, Sequence[str]]
"""The moves of each actor."""
PROGRESS = frozenset({"go", "fail"})
"""Moves that somebody makes sooner or later; the others may never come (a timeout, an order)."""


class RuleBrokenError(AssertionError):
    """A rule was broken; says by which schedule."""


class World(Protocol):
    """What actors act in."""

    actors: list[Actor]
    steps: int
    where: dict[int, str]
    """At which instruction each actor is."""


W = TypeVar("W", bound=World)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(Generic[W]):
    """What must hold of a kind of world, and how one is told from another."""

    check: Callable[[W], None]
    """Raises what is broken now."""
    check_quiet: Callable[[W], None]
    """Raises what must not be when nobody can go on."""
    fingerprint: Callable[[W], object]
    """Equal for states from which the same can happen."""
    ended: Callable[[W, int], None]
    """An actor came to its end."""
    woken: Callable[[W, Options], None]
    """Lets those go on whose wait was ended by somebody else's move."""


def explore(make: Callable[[], W], rules: Rules[W], *, most: int) -> int:
    """Try every schedule; returns the number of states.

    Args:
        make: a fresh world.
        rules: of such worlds.
        most: states that are expected at most.

    Raises:
        RuleBrokenError: with the schedule that led to it.
    """
    seen: set[object] = set()
    stack: list[Schedule] = [()]
    while stack:
        schedule = stack.pop()
        try:
            world, moves = _examined(make, rules, schedule)
        except RuleBrokenError as violation:
            story = ", ".join(f"{who} {move}" for who, move in schedule)
            raise RuleBrokenError(f"{violation}; schedule: {story}") from None
        state = rules.fingerprint(world)
        if state in seen:
            continue
        seen.add(state)
        assert len(seen) <= most, "more states than expected"
        stack.extend((*schedule, step) for step in moves)
    return len(seen)


def _examined(
    make: Callable[[], W], rules: Rules[W], schedule: Schedule
) -> tuple[W, list[tuple[int, str]]]:
    """The world after a schedule, and the moves that are possible in it."""
    world, options = _replay(make, rules, schedule)
    rules.check(world)
    moves = [(who, move) for who, moves in options.items() for move in moves]
    if not any(move in PROGRESS for _, move in moves):
        rules.check_quiet(world)
    return world, moves


def _replay(make: Callable[[], W], rules: Rules[W], schedule: Schedule) -> tuple[W, Options]:
    world = make()
    options: Options = {who: next(actor) for who, actor in enumerate(world.actors)}
    for who, move in schedule:
        world.steps += 1
        try:
            options[who] = world.actors[who].send(move)
        except StopIteration:
            options[who] = []
            world.where[who] = "done"
            rules.ended(world, who)
    rules.woken(world, options)
    return world, options
