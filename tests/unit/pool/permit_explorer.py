"""Every interleaving of a few visitors of limits: what the thread face does, step by step.

As in ``explorer.py``, an actor is a generator, and between two of its steps any other may move.
What happens under a lock is one step; each read and each write that needs none is one, too. The
steps are those of ``ThreadLimiter.__enter__``, ``at_once``, ``claim``, ``Admission.use``,
``close`` and ``__exit__``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial

from coffre.pool.entries import Waiter
from coffre.pool.errors import LimiterTimeoutError
from coffre.pool.permits import Permit, Permits
from coffre.pool.settings import Lane
from tests.unit.pool import schedules
from tests.unit.pool.schedules import Actor, Options, RuleBrokenError

GO = ["go"]


@dataclass
class Limited:
    """One limit, and what an observer outside sees of it."""

    permits: Permits
    largest: int
    inside: dict[int, Permit] = field(default_factory=dict)
    """By actor: with which permit it is inside."""
    waiters: dict[int, Waiter] = field(default_factory=dict)
    queued: dict[int, int] = field(default_factory=dict)
    passing: list[int] = field(default_factory=list)
    """Holders of which somebody is on its way in or out: the permit is theirs meanwhile."""
    notes: list[Permit] = field(default_factory=list)
    """Left by finalisers."""
    paused_at: int | None = None
    parties: set[int] = field(default_factory=set)
    """Holders that are several actors."""

    def has(self, key: object) -> bool:
        """Whether a holder has a permit, so that coming means entering again.

        Of a party, somebody may be on its way out whenever another comes: it keeps no order.
        """
        return (
            key in self.parties
            or key in self.passing
            or any(one.key == key for one in self.inside.values())
        )

    def locked(self, operation: Callable[[], object]) -> None:
        """As ``Limit.change`` does."""
        self._take_in()
        operation()
        self._take_in()

    def _take_in(self) -> None:
        while self.notes:
            self.permits.leave(self.notes.pop(0))


@dataclass
class World:
    """One run: limits, actors, and where each of them is."""

    limits: list[Limited]
    actors: list[Actor] = field(default_factory=list)
    where: dict[int, str] = field(default_factory=dict)
    local: dict[int, list[Permit]] = field(default_factory=dict)
    """Permits that an actor looked up and may still write to."""
    begun: dict[int, int] = field(default_factory=dict)
    steps: int = 0
    blocked: set[int] = field(default_factory=set)


@dataclass
class Visit:
    """One actor's way through one limit."""

    world: World
    me: int
    key: int
    limit: Limited
    form: str
    label: str

    def at(self, place: str) -> None:
        self.world.where[self.me] = f"{self.label} {place}"

    def look(self) -> Permit | None:
        permit = self.limit.permits.held.get(self.key)
        self.world.local.setdefault(self.me, []).append(permit or Permit(None))
        return permit

    # --- in ----------------------------------------------------------------------------------

    def enter(self, moods: str, *, late: bool) -> Generator[Sequence[str], str, bool]:
        self.at("comes")
        yield GO
        self.world.begun[self.me] = self.world.steps
        if late:
            return (yield from self._wait(moods))
        if self.form == "with" and self.key == self.me:
            permit = self.look()
            if permit is not None:
                self.at("found one")
                yield GO
                permit.depth += 1
                self.limit.passing.append(self.key)
                self.at("uses it")
                yield GO
                if not permit.recalled:
                    self.limit.passing.remove(self.key)
                    self.arrive(permit)
                    return True
                self.at("was too late")
                yield GO
                permit.depth -= 1
                self.limit.passing.remove(self.key)
        if (yield from self._at_once()):
            return True
        return (yield from self._wait(moods))

    def _at_once(self) -> Generator[Sequence[str], str, bool]:
        self.at("looks")
        yield GO
        permit = self.look()
        if permit is None:
            self.at("looks at the gate")
            yield GO
            if not self.limit.permits.gate:
                self.at("asks for room")
                yield GO
                found: list[Permit | None] = []
                self.limit.locked(lambda: found.append(self.limit.permits.room(self.key)))
                permit = found[0]
                self.world.local[self.me].append(permit or Permit(None))
        if permit is None:
            return False
        self.at("looks at it")
        yield GO
        if permit.recalled:
            return False
        self.at("will stay")
        yield GO
        permit.stays[-1 - self.me] = False
        self.limit.passing.append(self.key)
        self.at("stays")
        yield GO
        self.limit.passing.remove(self.key)
        if not permit.recalled:
            yield from self._become(permit)
            return True
        self.at("was too late to stay")
        yield GO
        yield from self.go(permit)
        return False

    def _wait(self, moods: str) -> Generator[Sequence[str], str, bool]:
        self.at("queues")
        yield GO
        limit = self.limit
        waiter = limit.waiters[self.me] = Waiter(0.0, float("inf"), Lane.NORMAL, self.key)
        limit.queued[self.me] = self.world.steps
        limit.locked(lambda: limit.permits.come(waiter))
        while True:
            self.at("waits")
            options = list(GO) if waiter.settled or limit.notes else []
            self.world.blocked.add(self.me)
            move = yield [*options, *self._moods(moods, waiter)]
            self.world.blocked.discard(self.me)
            if move == "time out":
                limit.locked(partial(limit.permits.refuse, waiter, LimiterTimeoutError("late")))
            elif move == "cancel":
                limit.locked(lambda: limit.permits.give_up(waiter))
                self._end_of_wait()
                return False
            elif not waiter.settled:
                limit.locked(limit.permits.serve)
            if waiter.refusal is not None:
                if waiter.admitted:
                    raise RuleBrokenError(f"{self.me} was let in, and refused")
                self._end_of_wait()
                return False
            if waiter.admitted:
                break
        self.at("was let in")
        yield GO
        permit = limit.permits.held[self.key]
        self.world.local.setdefault(self.me, []).append(permit)
        permit.stays[-1 - self.me] = False
        permit.stays.pop(id(waiter), None)
        self._end_of_wait()
        yield from self._become(permit)
        return True

    @staticmethod
    def _moods(moods: str, waiter: Waiter) -> list[str]:
        late = ["time out"] if "t" in moods and not waiter.settled else []
        return [*late, *(["cancel"] if "c" in moods else [])]

    def _end_of_wait(self) -> None:
        del self.limit.waiters[self.me]
        del self.limit.queued[self.me]

    def _become(self, permit: Permit) -> Actor:
        self.arrive(permit)
        if self.form == "stay":
            return
        self.at("becomes")
        yield GO
        if self.key == self.me:
            permit.depth += 1
        else:
            permit.guests[self.me] = permit.guests.get(self.me, 0) + 1
        del permit.stays[-1 - self.me]

    def arrive(self, permit: Permit) -> None:
        for other, since in self.limit.queued.items():
            waiter = self.limit.waiters[other]
            later = self.me not in self.limit.queued and since < self.world.begun[self.me]
            if later and not waiter.settled and not self.limit.has(self.key):
                raise RuleBrokenError(f"{self.me} came after {other}, and is inside before it")
        pause = self.limit.paused_at
        if pause is not None and pause < self.world.begun[self.me] and not self.limit.has(self.key):
            raise RuleBrokenError(f"{self.me} came to a paused limit, and is inside")
        self.limit.inside[self.me] = permit

    # --- out ---------------------------------------------------------------------------------

    def leave(self, *, dropped: bool = False) -> Actor:
        """Leave; a stay may be dropped, for the collector."""
        self.at("inside")
        yield GO
        permit = self.limit.inside.pop(self.me)
        if self.form == "stay":
            yield from self.go(permit, dropped=dropped)
        else:
            permit.leave(self.me)
            yield from self._see(permit)

    def go(self, permit: Permit, *, dropped: bool = False) -> Actor:
        permit.stays.pop(-1 - self.me, None)
        yield from self._see(permit, dropped=dropped)

    def _see(self, permit: Permit, *, dropped: bool = False) -> Actor:
        limit = self.limit
        limit.passing.append(self.key)
        self.at("has left")
        yield GO
        if permit.recalled:
            self.at("gives it back")
            yield GO
            if dropped:
                limit.notes.append(permit)
            else:
                limit.locked(lambda: limit.permits.leave(permit))
        limit.passing.remove(self.key)


# --- actors ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Visitor:
    """Goes in and out of limits, in this order, all of them at the same time."""

    rounds: int = 1
    moods: str = ""
    """t(ime out), c(ancel)"""
    form: str = "with"
    """``with`` the limit, or a ``stay``."""
    twice: bool = False
    """Enters again while it is inside."""
    party: int | None = None
    """In whose name it comes."""
    dropped: bool = False
    late: bool = False
    """Found the gate shut a while ago, and is about to queue."""
    order: tuple[int, ...] = (0,)

    def act(self, world: World, me: int) -> Actor:
        for number in range(self.rounds):
            inside: list[Visit] = []
            for depth, which in enumerate(self.order * (2 if self.twice else 1)):
                # A second stay needs a second mark; nobody needs more.
                form = "with" if self.twice and depth >= len(self.order) else self.form
                key = me if self.party is None else self.party
                label = f"{number}.{depth}.{which}"
                visit = Visit(world, me, key, world.limits[which], form, label)
                again = me in visit.limit.inside
                before = visit.limit.inside.get(me)
                if not (yield from visit.enter(self.moods, late=self.late)):
                    if again:
                        raise RuleBrokenError(f"{me} was inside, and had to wait")
                    break
                if again and visit.limit.inside[me] is not before:
                    raise RuleBrokenError(f"{me} has two permits")
                inside.append(visit)
            for visit in reversed(inside):
                again = sum(one.limit is visit.limit for one in inside) > 1
                permit = visit.limit.inside[me]
                yield from visit.leave(dropped=self.dropped)
                inside.remove(visit)
                if again:
                    visit.limit.inside[me] = permit


@dataclass(frozen=True)
class Governor:
    """``pause``, ``resume``, ``resize N``."""

    operations: tuple[str, ...]

    def act(self, world: World, me: int) -> Actor:
        limit = world.limits[0]
        for operation in self.operations:
            world.where[me] = operation
            yield GO
            name, *given = operation.split()
            limit.locked(partial(getattr(limit.permits, name), *map(int, given)))
            limit.paused_at = world.steps if limit.permits.paused else None


Scene = Callable[[], World]


def scene(
    *script: Visitor | Governor, sizes: tuple[int, ...] = (1,), locked: bool = False
) -> Scene:
    """A world with these actors, and limits of these sizes."""

    def make() -> World:
        limits = [Limited(Permits(size, always_locked=locked), size) for size in sizes]
        for one in script:
            if isinstance(one, Governor):
                grown = [int(each.split()[1]) for each in one.operations if " " in each]
                limits[0].largest = max([limits[0].largest, *grown])
            elif one.party is not None:
                limits[0].parties.add(one.party)
        world = World(limits)
        world.actors = [one.act(world, number) for number, one in enumerate(script)]
        return world

    return make


# --- what always holds -------------------------------------------------------------------------


def check(world: World) -> None:
    for limit in world.limits:
        permits = limit.permits
        keys = {permit.key for permit in limit.inside.values()}
        if len(keys) > limit.largest:
            raise RuleBrokenError(f"{len(keys)} holders are inside, at most {limit.largest}")
        if len(permits.held) > limit.largest:
            raise RuleBrokenError(f"there are {len(permits.held)} permits")
        for who, permit in limit.inside.items():
            if permits.held.get(permit.key) is not permit or not permit.used:
                raise RuleBrokenError(f"{who} is inside, and has no permit")
        _check_line(limit)


def _check_line(limit: Limited) -> None:
    for one, waiter in limit.waiters.items():
        if not waiter.settled and waiter not in limit.permits.line:
            raise RuleBrokenError(f"{one} waits, and is not in line")
        if waiter.settled and waiter in limit.permits.line:
            raise RuleBrokenError(f"{one} waits no more, and is in line")
        for other, later in limit.waiters.items():
            behind = limit.queued[one] < limit.queued[other] and not limit.has(later.holder)
            if behind and later.admitted and not waiter.settled:
                raise RuleBrokenError(f"{other} came after {one}, and was let in before it")


def check_quiet(world: World) -> None:
    """What holds when nobody can move by itself."""
    for limit in world.limits:
        permits = limit.permits
        if permits.paused or permits.size == 0:
            continue
        if waiting := [who for who, waiter in limit.waiters.items() if not waiter.settled]:
            raise RuleBrokenError(f"{waiting} wait for ever")
        if limit.notes:
            continue  # nobody waits, and the next who comes sees to it
        if any(permit.used for permit in permits.held.values()):
            raise RuleBrokenError("somebody left, and its permit is in use")
        if len(permits.held) > permits.size:
            raise RuleBrokenError("a limit that was made smaller stays larger")
        if permits.gate is not permits._locked:
            raise RuleBrokenError("the gate stays as it was although nothing is the matter")


# --- exploring ---------------------------------------------------------------------------------


def fingerprint(world: World) -> object:
    names: dict[int, int] = {}

    def name(permit: Permit) -> int:
        return names.setdefault(id(permit), len(names))

    def state(limit: Limited, permit: Permit) -> object:
        marks = {id(waiter): who for who, waiter in limit.waiters.items()}
        stays = tuple(sorted(str(marks.get(mark, mark)) for mark in permit.stays))
        guests = tuple(sorted(permit.guests.items(), key=str))
        return name(permit), permit.key, permit.depth, guests, stays, permit.recalled

    limits = tuple(
        (
            tuple(state(limit, permit) for permit in limit.permits.held.values()),
            tuple(
                who for one in limit.permits.line for who, w in limit.waiters.items() if w is one
            ),
            tuple((who, w.admitted, w.refusal is None) for who, w in sorted(limit.waiters.items())),
            (limit.permits.gate, limit.permits.size, limit.permits.paused, limit.paused_at),
            (tuple(map(name, limit.notes)), tuple(sorted(limit.passing))),
            tuple(sorted((who, name(permit)) for who, permit in limit.inside.items())),
            tuple(
                sorted(
                    (a, b)
                    for a, begun in world.begun.items()
                    for b, queued in limit.queued.items()
                    if queued < begun
                )
            ),
            tuple(sorted(limit.queued, key=lambda who, of=limit.queued: of[who])),  # type: ignore[misc]
        )
        for limit in world.limits
    )
    local = tuple(
        (who, name(found[-1]), state(world.limits[0], found[-1]))
        for who, found in sorted(world.local.items())
    )
    return tuple(sorted(world.where.items())), limits, local


def explore(make: Scene, *, most: int = 200_000) -> int:
    """Try every schedule; returns the number of states.

    Raises:
        RuleBrokenError: with the schedule that led to it.
    """
    return schedules.explore(make, RULES, most=most)


def ended(world: World, who: int) -> None:
    """What an actor knew for itself ends with it."""
    world.local.pop(who, None)


def woken(world: World, options: Options) -> None:
    """Who was let in or refused meanwhile can go on; so can who has a note to look at."""
    for limit in world.limits:
        for who, waiter in limit.waiters.items():
            if who in world.blocked and (waiter.settled or limit.notes):
                still = [move for move in options[who] if move != "go"]
                if waiter.settled:
                    still = [move for move in still if move != "time out"]
                options[who] = ["go", *still]


RULES = schedules.Rules(
    check=check, check_quiet=check_quiet, fingerprint=fingerprint, ended=ended, woken=woken
)
