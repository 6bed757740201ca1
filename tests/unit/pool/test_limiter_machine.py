"""A limit under random histories, on a clock moved by hand: visitors, parties, time, an operator.

The sleeping of the threads is left out, and nothing else: who waits is a waiter that looks when
the machine has it look.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from coffre.pool.admission import Admission
from coffre.pool.entries import Waiter
from coffre.pool.errors import LimiterBusyError, LimiterTimeoutError, PoolError
from coffre.pool.limiter import ThreadLimiter
from coffre.pool.settings import Lane
from coffre.testing import FakeClock

LARGEST = 3
MOST_WAITING = 4
HOLDERS = range(1, 7)


class LimiterMachine(RuleBasedStateMachine):
    """Holders come, wait, are let in, enter again, leave, give up or are forgotten."""

    queue = Bundle("queue")
    stays = Bundle("stays")

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.limiter = ThreadLimiter(2, clock=self.clock, max_waiting=MOST_WAITING)
        self.inside: dict[int, list[Admission]] = {}
        self.waiting: dict[Waiter, int] = {}
        self.order: list[Waiter] = []
        self.told = {"timed out": 0, "refused": 0}

    # --- visitors ----------------------------------------------------------------------------

    @rule(target=stays, key=st.sampled_from(HOLDERS))
    def come_at_once(self, key: int) -> Admission | None:
        stay = self.stay()
        inside, somebody_waits = self.has(key), bool(self.limiter.permits.line)
        if not self.limiter.at_once(stay, key):
            return None
        assert inside or not somebody_waits, "it passed those who wait"
        assert inside or not self.limiter.permits.paused
        self.inside.setdefault(key, []).append(stay)
        return stay

    @rule(
        target=queue,
        key=st.sampled_from(HOLDERS),
        lane=st.sampled_from(Lane),
        patience=st.sampled_from([5.0, 50.0, float("inf")]),
    )
    def come(self, key: int, lane: Lane, patience: float) -> Waiter:
        now = self.clock.monotonic()
        waiter = Waiter(now, now + patience, lane, key)
        inside = self.has(key)
        self.limiter.change(self.limiter._come, waiter)
        assert waiter.admitted or not inside, "it was inside, and had to wait"
        if isinstance(waiter.refusal, LimiterBusyError):
            self.told["refused"] += 1
            assert len(self.limiter.permits.line) >= MOST_WAITING
        self.waiting[waiter] = key
        self.order.append(waiter)
        return waiter

    @rule(target=stays, waiter=queue)
    def go_on(self, waiter: Waiter) -> Admission | None:
        """A waiter wakes up and looks."""
        if waiter not in self.waiting or not waiter.settled:
            return None
        assert waiter.admitted is (waiter.refusal is None), "it has two ends"
        key = self.waiting.pop(waiter)
        stay = self.stay()
        if waiter.refusal is not None:
            with pytest.raises(PoolError) as told:
                self.limiter.claim(stay, waiter)
            assert told.value is waiter.refusal
            return None
        self.limiter.claim(stay, waiter)
        self.inside.setdefault(key, []).append(stay)
        return stay

    @rule(waiter=queue)
    def lose_patience(self, waiter: Waiter) -> None:
        now = self.clock.monotonic()
        if waiter not in self.waiting or now < waiter.deadline:
            return
        late = waiter.settled
        self.limiter.time_out(waiter, now)
        assert isinstance(waiter.refusal, LimiterTimeoutError) or late
        self.told["timed out"] += not late

    @rule(waiter=queue)
    def give_up(self, waiter: Waiter) -> None:
        """A cancellation, whatever it was given meanwhile."""
        if self.waiting.pop(waiter, None) is not None:
            self.limiter.give_up(waiter)
            assert not waiter.admitted

    @rule(stay=consumes(stays), forgotten=st.booleans())
    def leave(self, stay: Admission | None, forgotten: bool) -> None:
        if stay is None or stay.permit is None:
            return
        for key, stays in list(self.inside.items()):
            if stay in stays:
                stays.remove(stay)
                if not stays:
                    del self.inside[key]
        if forgotten:
            stay.__del__()
            stay.permit = None  # as if it were gone
            self.limiter.finish()
        else:
            stay.close()
            stay.close()

    # --- time, the operator, and accidents ----------------------------------------------------

    @rule(seconds=st.sampled_from([1.0, 7.0, 60.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(size=st.integers(0, LARGEST))
    def resize(self, size: int) -> None:
        self.limiter.resize(size)

    @rule()
    def pause_or_resume(self) -> None:
        if self.limiter.permits.paused:
            self.limiter.resume()
        else:
            self.limiter.pause()

    @rule()
    def be_interrupted(self) -> None:
        """Repairing what is whole changes nothing that anybody sees."""
        before = self.limiter.statistics()
        self.limiter.settle()
        assert self.limiter.statistics() == before

    # --- what always holds --------------------------------------------------------------------

    @invariant()
    def never_above_the_limit(self) -> None:
        permits = self.limiter.permits
        assert len(permits.held) <= LARGEST
        for key in self.inside:
            assert permits.held[key].used
        owners = {*self.inside, *(key for one, key in self.waiting.items() if one.admitted)}
        assert {permit.key for permit in self.limiter.inside()} == owners
        assert self.limiter.statistics().inside == len(owners)

    @invariant()
    def nobody_waits_beside_room(self) -> None:
        permits = self.limiter.permits
        if permits.line and not permits.paused:
            assert len(permits.held) >= permits.size
            assert len(self.limiter.inside()) == len(permits.held)

    @invariant()
    def every_waiter_has_one_end_or_a_place_in_line(self) -> None:
        for waiter in self.waiting:
            assert (waiter in self.limiter.permits.line) is not waiter.settled

    @invariant()
    def inside_a_lane_the_order_is_that_of_coming(self) -> None:
        line = self.limiter.permits.line
        for lane in Lane:
            came = [one for one in self.order if one in line and one.lane is lane]
            assert [one for one in line if one.lane is lane] == came

    @invariant()
    def the_gate_is_shut_exactly_when_it_must_be(self) -> None:
        permits = self.limiter.permits
        too_many = len(permits.held) > permits.size
        assert permits.gate is (bool(permits.line) or permits.paused or too_many)
        if permits.gate:
            assert all(permit.recalled and permit.used for permit in permits.held.values())

    @invariant()
    def sums_are_exact(self) -> None:
        seen = self.limiter.statistics()
        assert (seen.timed_out, seen.refused) == (self.told["timed out"], self.told["refused"])
        assert seen.waiting == sum(not one.settled for one in self.waiting)

    def stay(self) -> Admission:
        stay = Admission()
        stay.limit = self.limiter
        return stay

    def has(self, key: int) -> bool:
        """Whether a holder is inside, or has been let in."""
        return key in self.inside or any(
            one.admitted for one, whose in self.waiting.items() if whose == key
        )


TestLimiterMachine = LimiterMachine.TestCase
TestLimiterMachine.settings = settings(
    max_examples=max(150, settings.default.max_examples if settings.default else 0),
    stateful_step_count=60,
)
