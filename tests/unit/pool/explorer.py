"""Every interleaving of a few actors over the rules of the pool (see ``schedules.py``).

Steps are as fine as they are in the thread face: what happens under the lock is one step, and
each of the lock-free instructions of the fast path (read the gate, take from the idle stack, put
back) is one, too.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from coffre.contract import Connection
from coffre.pool.core import PoolCore
from coffre.pool.entries import Entry, Token, Waiter
from coffre.pool.settings import Lane
from tests.unit.pool import schedules
from tests.unit.pool.schedules import Actor, Options, RuleBrokenError
from tests.unit.pool.support import FakeConnection, core_of


@dataclass
class World:
    """One run: a core, its actors, and what an observer outside keeps in mind."""

    core: PoolCore
    largest: int
    actors: list[Actor] = field(default_factory=list)
    owned: dict[int, Token] = field(default_factory=dict)
    """By actor: tokens on their way or lent."""
    waiters: dict[int, Waiter] = field(default_factory=dict)
    where: dict[int, str] = field(default_factory=dict)
    lent: list[int] = field(default_factory=list)
    names: dict[Entry, int] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)
    """When an actor looked at the gate, in steps."""
    queued: dict[int, int] = field(default_factory=dict)
    steps: int = 0
    ends: list[str] = field(default_factory=list)

    def name(self, entry: Entry) -> int:
        return self.names.setdefault(entry, len(self.names))


def borrower(
    world: World, me: int, *, rounds: int = 1, moods: str = "", bad: bool = False
) -> Actor:
    """Borrows and gives back; ``moods``: t(ime out), c(ancel), f(ail to open)."""
    core = world.core
    for _ in range(rounds):
        world.where[me] = "coming"
        yield ["go"]
        world.begun[me] = world.steps
        gate = core.gate
        token: Token | None = None
        if not gate:
            world.where[me] = "passed the gate"
            yield ["go"]
            try:
                token, _ = core.idle.popitem()
            except KeyError:
                token = None
            if token is not None:
                world.owned[me] = token
                world.where[me] = "took"
                yield ["go"]
                if token.entry.generation != core.generation:
                    waiter = Waiter(0.0, float("inf"), Lane.NORMAL, None)
                    waiter.token = token
                    del world.owned[me]
                    core.replace(waiter, token.entry, 0.0, "drained")
                    world.waiters[me] = waiter
                    yield from _finish(world, me)
                    token = yield from _wait(world, me, waiter, moods)
                else:
                    _check_no_barging(world, me)
        if token is None and me not in world.owned:
            waiter = Waiter(0.0, float("inf"), Lane.NORMAL, None)
            world.queued[me] = world.steps
            core.admit(waiter, 0.0)
            world.waiters[me] = waiter
            yield from _finish(world, me)
            token = yield from _wait(world, me, waiter, moods)
        if token is None:
            continue
        world.owned[me] = token
        world.lent.append(me)
        world.where[me] = "has it"
        yield ["go"]
        world.lent.remove(me)
        yield from _return(world, me, token, bad=bad)


def _wait(  # noqa: C901 - one branch for each move that a waiter can make
    world: World, me: int, waiter: Waiter, moods: str
) -> Generator[Sequence[str], str, Token | None]:
    core = world.core
    world.waiters[me] = waiter
    while True:
        world.where[me] = "waiting"
        options = ["go"] if waiter.settled else []
        if "t" in moods and not waiter.settled:
            options.append("time out")
        if "c" in moods:
            options.append("cancel")
        move = yield options
        if move == "time out":
            core.time_out(waiter, 0.0)
            continue
        if move == "cancel":
            core.give_up(waiter, 0.0)
            _end(world, me, "cancelled")
            yield from _finish(world, me)
            return None
        if waiter.refusal is not None:
            core.awaiting.pop(waiter, None)
            _end(world, me, waiter.refusal.code)
            return None
        token = waiter.token
        if token is None:
            continue
        if token.entry.connection is None:
            world.where[me] = "opening"
            move = yield ["go", "fail"] if "f" in moods else ["go"]
            if move == "fail":
                core.open_failed(waiter, token.entry, OSError("no"), 0.0)
                core.awaiting.pop(waiter, None)
                _end(world, me, "failed")
                return None
            if not core.opened(token.entry, cast(Connection, FakeConnection()), 0.0):
                waiter.token = None
                core.readmit(waiter, 0.0)
                yield from _finish(world, me)
                continue
        elif core.unfit(token.entry, 0.0) is not None:
            core.replace(waiter, token.entry, 0.0, "drained")
            yield from _finish(world, me)
            continue
        waiter.token = None
        core.awaiting.pop(waiter, None)
        del world.waiters[me]
        world.queued.pop(me, None)
        token.entry.uses += 1
        return token


def _end(world: World, me: int, how: str) -> None:
    world.ends.append(how)
    world.waiters.pop(me, None)
    world.queued.pop(me, None)


def _return(world: World, me: int, token: Token, *, bad: bool) -> Actor:
    core = world.core
    entry = token.entry
    world.where[me] = "returning"
    if bad:
        yield ["go"]
        core.give_back(entry, 0.0, trouble="broken")
        del world.owned[me]
        yield from _finish(world, me)
        return
    yield ["go"]
    core.idle[token] = None
    del world.owned[me]
    world.where[me] = "returned"
    yield ["go"]
    if core.gate or entry.generation != core.generation:
        world.where[me] = "returned, and must settle"
        yield ["go"]
        core.settle(0.0)
        yield from _finish(world, me)


def _finish(world: World, me: int) -> Generator[Sequence[str], str, None]:
    """Close what is not lent any more, one after the other, as the face does outside the lock."""
    core = world.core
    while core.doomed:
        world.where[me] = f"closes {[world.name(entry) for entry in core.doomed]}"
        yield ["go"]
        if not core.doomed:  # another one was quicker
            return
        entry = next(iter(core.doomed))
        del core.doomed[entry]
        world.where[me] = f"has closed {world.name(entry)}"
        yield ["go"]
        core.vacate(entry, 0.0)


def governor(world: World, me: int, *operations: str) -> Actor:
    """Changes the pool in use: ``close``, ``drain``, ``pause``, ``resume``, ``resize N``."""
    core = world.core
    for operation in operations:
        world.where[me] = operation
        yield ["go"]
        if operation.startswith("resize"):
            core.resize(int(operation.split()[1]), 0.0)
        elif operation == "pause":
            core.pause(refuse=False)
        else:
            getattr(core, operation)(0.0)
        yield from _finish(world, me)


def _check_no_barging(world: World, me: int) -> None:
    for other, since in world.queued.items():
        waiter = world.waiters.get(other)
        if waiter is not None and not waiter.settled and since < world.begun[me]:
            raise RuleBrokenError(
                f"actor {me} came after {other} was queued, and was served before it"
            )


def check(world: World) -> None:
    """What holds in every state."""
    core = world.core
    if len(core.entries) > max(world.largest, core.max_size):
        raise RuleBrokenError(f"{len(core.entries)} connections, at most {world.largest}")
    owners = [token.entry for token in core.idle]
    owners += [token.entry for token in world.owned.values()]
    owners += [waiter.token.entry for waiter in world.waiters.values() if waiter.token is not None]
    if len(set(owners)) != len(owners):
        raise RuleBrokenError("one connection has two owners")
    owners += core.closing
    if missing := [entry for entry in core.entries if entry not in owners]:
        raise RuleBrokenError(f"{len(missing)} places belong to nobody")
    if any(entry.gone for entry in (token.entry for token in core.idle)):
        raise RuleBrokenError("a connection that is gone is idle")
    if len(core.opening) > core.settings.max_opening:
        raise RuleBrokenError("too many openings at once")
    _check_order(world)


def _check_order(world: World) -> None:
    granted = [
        waiter.ticket
        for waiter in world.waiters.values()
        if waiter.token is not None and waiter.ticket
    ]
    waiting = [
        waiter.ticket
        for waiter in world.waiters.values()
        if not waiter.settled and waiter in world.core.line
    ]
    if granted and waiting and min(waiting) < max(granted):
        raise RuleBrokenError("somebody was served before one who waited longer")
    lost = [w for w in world.waiters.values() if not w.settled and w not in world.core.line]
    if lost:
        raise RuleBrokenError("somebody waits, and is not in line")


def check_quiet(world: World, *, may_be_stuck: bool) -> None:
    """What holds when nobody can move by itself."""
    core = world.core
    waiting = [waiter for waiter in world.waiters.values() if not waiter.settled]
    if core.paused:
        return
    if waiting and core.idle:
        raise RuleBrokenError("somebody waits for ever beside an idle connection")
    if waiting and core.closed:
        raise RuleBrokenError("somebody waits for ever at a closed pool")
    if (
        waiting
        and len(core.entries) < core.max_size
        and core.breaker.allows(0.0, len(core.opening))
    ):
        raise RuleBrokenError("somebody waits for ever although there is room")
    if waiting and not may_be_stuck:
        raise RuleBrokenError("somebody waits for ever")
    if core.closed and core.idle:
        raise RuleBrokenError("a closed pool has idle connections")
    _check_rest(world, waiting=bool(waiting))


def _check_rest(world: World, *, waiting: bool) -> None:
    core = world.core
    if core.closing or core.doomed:
        raise RuleBrokenError("a connection is never closed")
    if not waiting and len(core.entries) > core.max_size:
        raise RuleBrokenError("a pool that was made smaller stays larger")
    old = [token for token in core.idle if token.entry.generation != core.generation]
    if old:
        raise RuleBrokenError("a connection of an old generation is kept")
    if not world.owned and not waiting and core.gate and not core.closed:
        raise RuleBrokenError("the gate stays shut although nothing is the matter")


def fingerprint(world: World) -> object:
    core = world.core
    tokens = sorted((who, world.name(token.entry)) for who, token in world.owned.items())
    return (
        tuple(sorted(world.where.items())),
        tuple(tokens),
        tuple(
            (
                who,
                waiter.settled,
                None if waiter.token is None else world.name(waiter.token.entry),
                waiter.refusal is not None,
            )
            for who, waiter in sorted(world.waiters.items())
        ),
        tuple(world.name(token.entry) for token in core.idle),
        tuple(sorted(who for who, w in world.waiters.items() if w in core.line)),
        tuple(w.ticket for w in core.line),
        tuple((world.name(e), e.generation, e.connection is None) for e in core.entries),
        tuple(world.name(e) for e in core.closing),
        (core.gate, core.generation, core.max_size, core.paused, core.closed),
        (core.breaker.failures, core.breaker.resting),
        tuple(sorted(world.queued)),
        tuple(
            sorted(
                (a, b)
                for a, begun in world.begun.items()
                for b, queued in world.queued.items()
                if queued < begun
            )
        ),
    )


Making = Callable[[], World]


def explore(make: Making, *, most: int = 200_000) -> int:
    """Try every schedule; returns the number of states.

    Raises:
        RuleBrokenError: with the schedule that led to it.
    """
    return schedules.explore(make, RULES, most=most)


def woken(world: World, options: Options) -> None:
    """Who was served or refused meanwhile can go on, and times out no more."""
    for who, waiter in world.waiters.items():
        if waiter.settled and not options[who]:
            options[who] = ["go"]
        elif waiter.settled and options[who][0] != "go":
            options[who] = ["go", *[move for move in options[who] if move != "time out"]]


RULES = schedules.Rules(
    check=check,
    check_quiet=partial(check_quiet, may_be_stuck=False),
    fingerprint=fingerprint,
    ended=lambda world, who: None,
    woken=woken,
)


Script = tuple[str, dict[str, object]]
"""An actor: ``borrow`` with its options, or ``govern`` with its operations."""


def scene(max_size: int, *scripts: Script, warm: int = 0, max_opening: int = 2) -> Making:
    """A world with these actors, and so many idle connections to begin with."""

    def make() -> World:
        core = core_of(max_size=max_size, max_opening=max_opening, first_backoff=0.0)
        world = World(core, max_size)
        for _ in range(warm):
            entry = Entry(core.generation, 0.0)
            core.entries[entry] = entry
            entry.connection = cast(Connection, FakeConnection())
            entry.expires = entry.fresh_until = 1000.0
            core.idle[Token(entry)] = None
        for number, (kind, options) in enumerate(scripts):
            if kind == "borrow":
                world.actors.append(borrower(world, number, **options))  # type: ignore[arg-type]
            else:
                operations = cast("tuple[str, ...]", options["operations"])
                world.actors.append(governor(world, number, *operations))
        return world

    return make


def borrow(**options: object) -> Script:
    return "borrow", options


def govern(*operations: str) -> Script:
    return "govern", {"operations": operations}
