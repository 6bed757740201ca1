"""The rules of a pool under random histories: time passes, openings fail, hang or come late."""

from __future__ import annotations

from typing import cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from coffre.contract import Connection
from coffre.pool.core import PoolCore
from coffre.pool.entries import Entry, Token, Waiter
from coffre.pool.errors import PoolClosedError, PoolTimeoutError
from coffre.pool.settings import Lane, PoolSettings
from coffre.pool.total import Total
from tests.unit.pool.support import FakeConnection

LARGEST = 4


class PoolMachine(RuleBasedStateMachine):
    """Callers, a service and an operator, each doing as they please, one step at a time."""

    queue = Bundle("queue")
    lent = Bundle("lent")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.total = Total(LARGEST + 1)
        self.cores = [self.make(), self.make()]
        self.total.pools += self.cores
        self.loans: dict[Token, PoolCore] = {}
        self.callers: dict[Waiter, PoolCore] = {}
        self.chance = 0.5
        self.opened = 0
        self.ended: dict[Entry, str] = {}
        self.hanging: list[tuple[PoolCore, Token]] = []
        self.shrinking = [LARGEST, LARGEST]

    def make(self) -> PoolCore:
        return PoolCore(
            "machine",
            PoolSettings(max_size=LARGEST, max_lifetime=100.0, idle_timeout=20.0, failure_budget=3),
            chance=lambda: self.chance,
            total=self.total,
        )

    # --- callers ----------------------------------------------------------------------------

    @rule(
        target=queue,
        which=st.integers(0, 1),
        lane=st.sampled_from(Lane),
        patience=st.sampled_from([0.0, 5.0, float("inf")]),
    )
    def come(self, which: int, lane: Lane, patience: float) -> Waiter:
        waiter = Waiter(self.now, self.now + patience, lane, None)
        self.callers[waiter] = self.cores[which]
        self.cores[which].admit(waiter, self.now)
        return waiter

    @rule(waiter=queue)
    def give_up(self, waiter: Waiter) -> None:
        core = self.callers.pop(waiter, None)
        if core is not None:
            core.give_up(waiter, self.now)

    @rule(waiter=queue)
    def lose_patience(self, waiter: Waiter) -> None:
        core = self.callers.get(waiter)
        if core is None or waiter.settled or waiter.deadline > self.now:
            return
        core.time_out(waiter, self.now)
        assert isinstance(waiter.refusal, PoolTimeoutError)

    @rule(target=lent, waiter=queue, outcome=st.sampled_from(["works", "fails", "hangs", "ill"]))
    def carry_on(self, waiter: Waiter, outcome: str) -> Token | None:
        """Do what the pool told it to: open, look, or take what it was given."""
        core = self.callers.get(waiter)
        if core is None or not waiter.settled:
            return None
        if waiter.refusal is not None:
            del self.callers[waiter]
            core.awaiting.pop(waiter, None)
            return None
        token = cast(Token, waiter.token)
        entry = token.entry
        if entry.connection is None:
            return self._open(core, waiter, token, outcome)
        if core.unfit(entry, self.now) is not None:
            core.replace(waiter, entry, self.now, "unfit")
            return None
        if outcome == "ill" and self.now >= entry.fresh_until:
            core.suspect(self.now)
            core.replace(waiter, entry, self.now, "unhealthy")
            return None
        return self._lend(core, waiter, token)

    def _open(self, core: PoolCore, waiter: Waiter, token: Token, outcome: str) -> Token | None:
        if outcome == "fails":
            core.open_failed(waiter, token.entry, OSError("away"), self.now)
            del self.callers[waiter]
            core.awaiting.pop(waiter, None)
            return None
        if outcome == "hangs":
            self.now += 2 * core.settings.open_timeout
            for one in self.cores:
                one.settle(self.now)
        if not core.opened(token.entry, cast(Connection, FakeConnection()), self.now):
            waiter.token = None
            core.readmit(waiter, self.now)
            return None
        return self._lend(core, waiter, token) if waiter.token is token else None

    def _lend(self, core: PoolCore, waiter: Waiter, token: Token) -> Token:
        assert not token.entry.gone
        assert self.now < token.entry.expires
        assert token.entry not in core.opening
        assert token not in self.loans
        waiter.token = None
        core.awaiting.pop(waiter, None)
        del self.callers[waiter]
        token.entry.uses += 1
        self.loans[token] = core
        return token

    @rule(token=consumes(lent), trouble=st.sampled_from([None, None, None, "broken", "lost"]))
    def give_back(self, token: Token | None, trouble: str | None) -> None:
        if token is None or token not in self.loans:
            return
        core = self.loans.pop(token)
        if trouble == "lost":
            core.suspect(self.now)
        if core.give_back(token.entry, self.now, trouble=trouble):
            core.idle[token] = None
            core.settle(self.now)
        if trouble is not None:
            assert token.entry.gone

    @rule(which=st.integers(0, 1))
    def close_one(self, which: int) -> None:
        """The closing of a connection ends."""
        core = self.cores[which]
        if core.doomed:
            entry, _ = core.doomed.popitem()
            core.vacate(entry, self.now)

    # --- time and the operator --------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.05, 1.0, 7.0, 25.0, 90.0]), chance=st.floats(0.0, 1.0))
    def pass_time(self, seconds: float, chance: float) -> None:
        self.now += seconds
        self.chance = chance
        for core in self.cores:
            core.settle(self.now)

    @rule(which=st.integers(0, 1), size=st.integers(0, LARGEST))
    def resize(self, which: int, size: int) -> None:
        self.cores[which].resize(size, self.now)

    @rule(which=st.integers(0, 1), refuse=st.booleans())
    def pause_and_resume(self, which: int, refuse: bool) -> None:
        core = self.cores[which]
        if core.paused:
            core.resume(self.now)
        else:
            core.pause(refuse=refuse)

    @rule(which=st.integers(0, 1))
    def drain(self, which: int) -> None:
        self.cores[which].drain(self.now)

    @rule(which=st.integers(0, 1), meant=st.integers(0, 9))
    def close(self, which: int, meant: int) -> None:
        if meant == 0:
            self.cores[which].close(self.now)

    @rule(which=st.integers(0, 1))
    def interrupt(self, which: int) -> None:
        """Repairing what is whole changes nothing."""
        before = list(self.cores[which].idle)
        self.cores[which].repair()
        assert before == list(self.cores[which].idle)
        self.cores[which].settle(self.now)

    # --- what always holds ------------------------------------------------------------------

    @invariant()
    def never_more_than_allowed(self) -> None:
        assert self.total.count <= self.total.max_total
        for core in self.cores:
            assert len(core.entries) <= LARGEST
            assert len(core.opening) <= core.settings.max_opening
            assert core.entries.keys() >= core.opening.keys()

    @invariant()
    def every_connection_has_one_owner(self) -> None:
        for core in self.cores:
            owners = [token.entry for token in core.idle]
            owners += [token.entry for token, at in self.loans.items() if at is core]
            owners += [
                waiter.token.entry
                for waiter, at in self.callers.items()
                if at is core and waiter.token is not None
            ]
            here = [entry for entry in owners if not entry.gone]
            assert len(set(here)) == len(here)
            assert {*here, *core.closing} == set(core.entries)
            assert not set(here) & set(core.closing)

    @invariant()
    def nobody_waits_beside_what_it_could_have(self) -> None:
        for core in self.cores:
            if core.paused or not core.line:
                continue
            assert not core.closed
            assert not core.idle
            head = cast(Waiter, core.line.head())
            room = len(core.entries) < core.max_size
            room = room and self.total.count < self.total.max_total
            free = len(core.opening) < core.settings.max_opening
            may = core.breaker.allows(self.now, len(core.opening))
            assert not (room and free and may), f"{head} could open"

    @invariant()
    def the_gate_is_shut_when_it_must_be(self) -> None:
        for core in self.cores:
            if core.line or core.closed or core.paused:
                assert core.gate

    @invariant()
    def who_was_served_came_before_who_waits(self) -> None:
        for core in self.cores:
            for lane in Lane:
                waiting = [w.ticket for w in core.line if w.lane is lane]
                assert waiting == sorted(waiting)

    @invariant()
    def sums_are_exact(self) -> None:
        for core in self.cores:
            closed = sum(core.counters.closed.values())
            live = len(core.entries) - len(core.opening)
            assert core.counters.opened == live + closed

    @invariant()
    def the_closed_keep_nothing(self) -> None:
        for core in self.cores:
            if core.closed:
                assert not core.idle
                assert not core.line
                late = Waiter(self.now, self.now, Lane.HIGH, None)
                core.admit(late, self.now)
                core.awaiting.pop(late, None)
                assert isinstance(late.refusal, PoolClosedError)

    @invariant()
    def the_drained_keep_nothing_old(self) -> None:
        for core in self.cores:
            assert all(token.entry.generation == core.generation for token in core.idle)


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(
    max_examples=max(150, settings.default.max_examples if settings.default else 0),
    stateful_step_count=60,
)
