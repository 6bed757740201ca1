"""The rules of a pool, each as one situation and what is to be seen in it.

They are tests (``test_rules.py``), and they are the judges of the mutants (``test_mutants.py``):
a rule that can be removed without one of them objecting is not a rule.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from typing import cast

import pytest

from coffre.contract import Connection, ContractVersionError, InvalidRequestError, ParameterError
from coffre.pool.breaker import Breaker
from coffre.pool.deadlock import WaitGraph
from coffre.pool.entries import Entry, Token, Waiter
from coffre.pool.errors import (
    BreakerOpenError,
    LeaseReturnedError,
    NestedLeaseError,
    PoolBusyError,
    PoolClosedError,
    PoolDeadlockError,
    PoolPausedError,
    PoolTimeoutError,
)
from coffre.pool.lease import Lease
from coffre.pool.pace import CAUTION, WINDOW, Pace
from coffre.pool.serving import Serving
from coffre.pool.settings import Lane, PoolSettings
from coffre.pool.total import Total
from tests.unit.pool.support import (
    FakeConnection,
    PoolUnderTest,
    ask,
    close_doomed,
    collect,
    core_of,
    fake,
    fill,
    give_back,
    open_for,
    same,
)

RULES: dict[str, Callable[[], None]] = {}


def rule(check: Callable[[], None]) -> Callable[[], None]:
    RULES[check.__name__.replace("_", " ")] = check
    return check


# --- the queue -------------------------------------------------------------------------------


@rule
def who_came_first_is_served_first() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    first, second = ask(core), ask(core)

    give_back(core, token)

    assert first.token is token
    assert second.token is None


@rule
def a_higher_lane_goes_first_but_not_more_than_eight_times() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    low = [ask(core, lane=Lane.LOW) for _ in range(2)]
    high = [ask(core, lane=Lane.HIGH) for _ in range(20)]

    order = ""
    for _ in range(18):
        give_back(core, token)
        served = next(waiter for waiter in [*low, *high] if waiter.token is not None)
        order += "l" if served in low else "h"
        token = collect(core, served)

    assert order == "hhhhhhhhlhhhhhhhhl"


@rule
def who_waits_is_seen_by_who_returns_at_that_very_moment() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    look = core.draw
    gates = []

    def look_too_early() -> bool:
        found = look()
        core.idle[token] = None  # another thread gives it back, then looks at the gate
        gates.append(core.gate)
        return found

    core.draw = look_too_early  # type: ignore[method-assign]
    ask(core)

    assert gates[0], "it would see nobody waiting"


@rule
def a_waiter_whose_connection_was_bad_is_the_next_to_be_served() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    first, second = ask(core), ask(core)
    give_back(core, token)

    core.replace(first, token.entry, 0.0, "unhealthy")
    assert close_doomed(core) == ["unhealthy"]

    assert second.token is None
    open_for(core, first)


@rule
def a_timeout_ends_a_wait_and_names_what_went_wrong_meanwhile() -> None:
    core = core_of(max_size=2)
    fill(core, 1)
    opener = ask(core, 1.0)
    assert opener.token is not None
    cause = OSError("away")
    core.open_failed(opener, opener.token.entry, cause, 1.0)
    waiter = ask(core, 1.0)

    core.time_out(waiter, 2.0)

    assert isinstance(waiter.refusal, PoolTimeoutError)
    assert repr(waiter.refusal.__cause__) == repr(cause)
    assert core.breaker.cause is not None
    assert core.breaker.cause.__traceback__ is None  # it would keep frames, and leases, alive
    assert waiter not in core.line
    assert not waiter.refusal.effect_unknown


@rule
def a_timeout_does_not_show_a_failure_that_is_older_than_the_wait() -> None:
    core = core_of(max_size=2)
    fill(core, 1)
    opener = ask(core, 1.0)
    assert opener.token is not None
    core.open_failed(opener, opener.token.entry, OSError("away"), 1.0)
    waiter = ask(core, 1.05)

    core.time_out(waiter, 2.0)

    assert waiter.refusal is not None
    assert waiter.refusal.__cause__ is None


@rule
def a_timeout_that_comes_too_late_changes_nothing() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    waiter = ask(core)
    give_back(core, token)

    core.time_out(waiter, 2.0)

    assert waiter.refusal is None
    assert core.counters.timed_out == 0


@rule
def what_was_given_to_one_who_is_gone_goes_to_the_next() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    first, second = ask(core), ask(core)
    give_back(core, token)

    core.give_up(first, 0.0)

    assert second.token is token


@rule
def who_is_gone_before_it_is_told_of_a_timeout_was_cancelled() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    late = ask(core, 1.0, deadline=5.0)
    give_back(core, token, 6.0)
    assert isinstance(late.refusal, PoolTimeoutError)

    core.give_up(late, 6.0)

    counters = core.counters
    assert (counters.timed_out, counters.cancelled) == (0, 1)
    assert sum(counters.refused.values()) == 0


@rule
def the_room_of_an_opener_who_is_gone_goes_to_the_next() -> None:
    core = core_of(max_size=1)
    first, second = ask(core), ask(core)
    assert first.token is not None

    core.give_up(first, 0.0)

    open_for(core, second)


@rule
def one_caller_too_many_is_refused_at_once() -> None:
    core = core_of(max_size=1, max_waiting=2)
    fill(core, 1)
    allowed = [ask(core), ask(core)]

    refused = ask(core)

    assert isinstance(refused.refusal, PoolBusyError)
    assert not any(waiter.settled for waiter in allowed)


@rule
def a_bound_on_the_queue_does_not_count_who_can_be_served() -> None:
    core = core_of(max_size=1, max_waiting=0)

    open_for(core, ask(core))

    assert isinstance(ask(core).refusal, PoolBusyError)


def busy(tested: PoolUnderTest, turns: int, each: float) -> Lease:
    """A pool that had so many turns, one after the other, with somebody waiting all the time."""
    lease = tested.pool.lease()
    core = tested.pool.core
    waiters = [ask(core, tested.pool.now()) for _ in range(turns + 1)]
    for waiter in waiters[:-1]:
        tested.clock.advance(each)
        lease.close()
        lease = Lease()
        lease.pool = tested.pool
        lease.token = collect(core, waiter)
    return lease


@rule
def who_would_wait_in_vain_is_refused_at_once() -> None:
    tested = PoolUnderTest(max_size=1, shed_hopeless=True, max_lifetime=1e6)
    lease = busy(tested, turns=20, each=10.0)
    core = tested.pool.core

    for timeout in (10.5, 24.0):
        with pytest.raises(PoolBusyError, match="1 callers are before this one"):
            tested.pool.lease(timeout=timeout)
    assert core.hopeless(Lane.NORMAL, tested.pool.now(), tested.pool.now() + 26.0) is None
    assert core.hopeless(Lane.HIGH, tested.pool.now(), tested.pool.now() + 13.0) is None
    assert core.counters.refused == {"pool-busy": 2}
    lease.close()


@rule
def nobody_is_refused_for_a_pace_that_is_not_known() -> None:
    tested = PoolUnderTest(max_size=1, shed_hopeless=True, max_lifetime=1e6)
    lease = busy(tested, turns=10, each=10.0)

    assert tested.pool.core.hopeless(Lane.NORMAL, tested.pool.now(), tested.pool.now()) is None
    lease.close()


@rule
def nobody_is_refused_who_does_not_have_to_wait() -> None:
    tested = PoolUnderTest(max_size=1, shed_hopeless=True, max_lifetime=1e6, look_after=1e6)
    lease = busy(tested, turns=20, each=10.0)
    waiter = tested.pool.core.line.head()
    assert waiter is not None
    lease.close()
    give_back(tested.pool.core, collect(tested.pool.core, waiter), trouble="broken")
    tested.pool.finish()

    tested.pool.lease(timeout=0).close()  # it may open one at once


@rule
def a_service_that_has_come_to_a_halt_is_noticed() -> None:
    pace = Pace()
    for turn in range(41):
        pace.served(float(turn), busy=True)
    at_pace, halted = pace.wait(3, 40.5), pace.wait(3, 440.0)

    assert at_pace == pytest.approx(4 * 1.0 * CAUTION)
    assert halted == pytest.approx(4 * 400.0 / WINDOW * CAUTION)
    pace.served(441.0, busy=False)
    assert pace.wait(0, 9999.0) < 20, "nobody waits, so no turn is under way"


@rule
def bursts_do_not_hide_the_pace() -> None:
    pace = Pace()
    for burst in range(20):
        for _ in range(8):
            pace.served(burst * 8.0, busy=True)

    assert pace.wait(9, 152.0) == pytest.approx(10.0 * CAUTION, rel=0.15)


@rule
def what_comes_back_goes_to_somebody_who_still_wants_it() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    late, willing = ask(core, 1.0, deadline=5.0), ask(core, 1.0, deadline=9.0)

    give_back(core, token, 5.0)

    assert isinstance(late.refusal, PoolTimeoutError)
    assert willing.token is token
    assert core.counters.timed_out == 1


@rule
def a_timeout_that_another_noticed_names_the_holders_too() -> None:
    tested = PoolUnderTest(max_size=2, nested="allow")
    leases = [tested.pool.lease(), tested.pool.lease()]
    told: list[str] = []

    def wait() -> None:
        try:
            tested.pool.lease(timeout=5)
        except PoolTimeoutError as error:
            told.append(error.message)

    thread = threading.Thread(target=wait)
    thread.start()
    while not tested.pool.core.line:
        pass
    tested.clock.advance(6.0)
    leases[0].close()
    thread.join(10)

    assert len(told) == 1
    assert "rules.py" in told[0]
    leases[1].close()


@rule
def who_only_tries_may_have_what_there_is() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    give_back(core, token, 1.0)

    assert ask(core, 2.0, deadline=2.0).token is token


# --- sizes -----------------------------------------------------------------------------------


@rule
def no_more_connections_than_the_maximum() -> None:
    core = core_of(max_size=3, max_opening=9)
    waiters = [ask(core) for _ in range(5)]

    assert len(core.entries) == 3
    assert [waiter.settled for waiter in waiters] == [True, True, True, False, False]


@rule
def a_pool_of_size_zero_lends_nothing() -> None:
    core = core_of(max_size=0)
    waiter = ask(core)

    assert not waiter.settled
    core.resize(1, 0.0)
    open_for(core, waiter)


@rule
def no_more_openings_at_once_than_allowed() -> None:
    core = core_of(max_size=9, max_opening=2)
    waiters = [ask(core) for _ in range(3)]
    assert len(core.opening) == 2

    open_for(core, waiters[0])

    assert waiters[2].token is not None, "the next one may open now"


@rule
def a_returned_connection_serves_one_who_waits_for_an_opening() -> None:
    core = core_of(max_size=9, max_opening=1)
    (token,) = fill(core, 1)
    ask(core)
    waiting = ask(core)

    give_back(core, token)

    assert waiting.token is token


@rule
def growing_serves_at_once_and_shrinking_never_waits() -> None:
    core = core_of(max_size=1, max_opening=9)
    tokens = fill(core, 1)
    waiters = [ask(core) for _ in range(3)]

    core.resize(3, 0.0)
    assert [waiter.settled for waiter in waiters] == [True, True, False]
    tokens += [open_for(core, waiter) for waiter in waiters[:2]]
    core.resize(1, 0.0)
    give_back(core, tokens[0])
    give_back(core, tokens[1])

    assert close_doomed(core) == ["resized", "resized"]
    assert len(core.entries) == 1
    assert not waiters[2].settled
    give_back(core, tokens[2])
    assert waiters[2].token is tokens[2]


@rule
def shrinking_closes_idle_connections_at_once() -> None:
    core = core_of(max_size=3)
    for token in fill(core, 3):
        give_back(core, token)

    core.resize(1, 0.0)

    assert len(core.idle) == 1
    assert list(core.doomed.values()) == ["resized", "resized"]


# --- age and health --------------------------------------------------------------------------


@rule
def a_connection_is_not_lent_beyond_its_life() -> None:
    tested = PoolUnderTest(max_lifetime=100.0, idle_timeout=1000.0)
    lease = tested.pool.lease()
    old = fake(lease)
    tested.clock.advance(99.0)
    lease.close()
    tested.clock.advance(2.0)

    fresh = fake(tested.pool.lease())

    assert fresh is not old
    assert old.closings == 1


@rule
def a_connection_that_outlived_its_loan_is_closed_at_its_return() -> None:
    tested = PoolUnderTest(max_lifetime=100.0)
    lease = tested.pool.lease()
    connection = fake(lease)
    tested.clock.advance(101.0)
    assert not connection.gone, "never while it is lent"

    lease.close()

    assert connection.closings == 1
    assert tested.pool.snapshot().closed_by_reason == {"expired": 1}


@rule
def lives_end_between_three_quarters_and_the_whole_of_the_maximum() -> None:
    chances = iter([0.0, 0.5, 1.0])
    core = core_of(max_size=3, max_lifetime=100.0, max_opening=3)
    core.chance = lambda: next(chances)

    ends = [token.entry.expires for token in fill(core, 3)]

    assert ends == [75.0, 87.5, 100.0]


@rule
def what_was_idle_for_too_long_is_closed_oldest_first() -> None:
    core = core_of(max_size=3, idle_timeout=10.0, min_idle=1)
    tokens = fill(core, 3)
    for moment, token in enumerate(tokens):
        give_back(core, token, float(moment))

    core.settle(20.0)

    assert list(core.idle) == [tokens[2]], "one is kept ready, the one used last"
    assert list(core.doomed.values()) == ["idle", "idle"]


@rule
def idleness_is_noticed_at_the_next_return() -> None:
    tested = PoolUnderTest(idle_timeout=10.0, max_size=2)
    first, second = tested.pool.lease(), tested.pool.lease()
    idle = fake(first)
    first.close()
    tested.clock.advance(25.0)

    second.close()

    assert idle.closings == 1


@rule
def a_connection_idle_for_a_moment_is_lent_without_a_look() -> None:
    tested = PoolUnderTest()
    with tested.pool.lease() as connection:
        first = connection
    tested.clock.advance(0.9)

    with tested.pool.lease() as connection:
        assert connection is first
        assert cast(FakeConnection, connection).looks == 0


@rule
def a_connection_idle_for_some_seconds_is_looked_at() -> None:
    tested = PoolUnderTest()
    with tested.pool.lease() as lent:
        first = cast(FakeConnection, lent)
    tested.clock.advance(2.0)
    first.healthy = False

    with tested.pool.lease() as connection:
        assert same(connection) is not first
    assert first.looks == 1
    assert not first.probed
    assert first.closings == 1


@rule
def a_connection_idle_for_long_is_probed_within_the_callers_time() -> None:
    tested = PoolUnderTest(probe_timeout=5.0)
    with tested.pool.lease() as lent:
        first = cast(FakeConnection, lent)
    tested.clock.advance(31.0)
    tested.pool.lease(timeout=2.0).close()
    tested.clock.advance(31.0)
    tested.pool.lease(timeout=20.0).close()

    assert first.probed == [2.0, 5.0]


@rule
def a_probe_that_raises_is_a_bad_sign() -> None:
    tested = PoolUnderTest()
    with tested.pool.lease() as lent:
        first = cast(FakeConnection, lent)
    first.answers = ConnectionError("gone")
    tested.clock.advance(31.0)

    with tested.pool.lease() as connection:
        assert same(connection) is not first


@rule
def a_lost_connection_is_not_lent_again_and_the_idle_ones_are_probed() -> None:
    tested = PoolUnderTest()
    one, two = tested.pool.lease(), tested.pool.lease()
    idle, lost = fake(one), fake(two)
    one.close()

    two.discard("lost")
    two.close()

    assert lost.closings == 1
    with tested.pool.lease() as connection:
        assert same(connection) is idle
    assert len(idle.probed) == 1
    tested.pool.lease().close()
    assert len(idle.probed) == 1, "used since, so it is not suspected any more"


@rule
def a_dirty_connection_is_reset_before_it_is_lent_again() -> None:
    tested = PoolUnderTest()
    lease = tested.pool.lease()
    connection = fake(lease)
    lease.mark_dirty()
    lease.close()
    tested.pool.lease().close()
    assert (connection.reset_count, connection.closings) == (1, 0)
    assert connection.looks == 0, "it was used a moment ago"

    lease = tested.pool.lease()
    connection.resets = False
    lease.mark_dirty()
    lease.close()

    assert connection.closings == 1


@rule
def the_connection_used_last_is_lent_first_or_the_other_way_round() -> None:
    for reuse, expected in (("lifo", 1), ("fifo", 0)):
        tested = PoolUnderTest(reuse=reuse)
        leases = [tested.pool.lease(), tested.pool.lease()]
        connections = [fake(lease) for lease in leases]
        for lease in leases:
            lease.close()

        assert fake(tested.pool.lease()) is connections[expected]


# --- opening, failing, resting ---------------------------------------------------------------


@rule
def who_opens_is_told_the_real_error() -> None:
    tested = PoolUnderTest()
    tested.service.failures = [PermissionError("wrong password")]

    with pytest.raises(PermissionError, match="wrong password"):
        tested.pool.lease()

    snapshot = tested.pool.snapshot()
    assert (snapshot.failed, snapshot.opening, snapshot.held) == (1, 0, 0)


@rule
def failures_are_followed_by_growing_pauses() -> None:
    breaker = Breaker(PoolSettings(failure_budget=9), lambda: 1.0)
    pauses = []
    for _ in range(8):
        breaker.failed(0.0, OSError())
        pauses.append(round(breaker.retry_at, 3))

    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0]
    assert not breaker.allows(9.9, 0)
    assert breaker.allows(10.0, 1)


@rule
def several_failures_in_a_row_open_the_breaker_which_rests_longer_each_time() -> None:
    breaker = Breaker(PoolSettings(), lambda: 0.0)
    now, rests = 0.0, []
    for _ in range(4):
        breaker.failed(now, OSError())
    assert not breaker.refuses(now)
    for _ in range(6):
        breaker.failed(now, OSError())
        rests.append(breaker.retry_at - now)
        assert breaker.refuses(now)
        now = breaker.retry_at

    assert rests == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    assert breaker.trips == 1


@rule
def a_mistake_of_the_caller_says_nothing_about_the_service() -> None:
    tested = PoolUnderTest(failure_budget=1)
    mistakes: list[BaseException] = [
        ParameterError("the URL has no host"),
        InvalidRequestError("nonsense"),
        ContractVersionError("too new"),
    ]
    for mistake in mistakes:
        tested.service.failures = [mistake]
        with pytest.raises(type(mistake)):
            tested.pool.lease()

    snapshot = tested.pool.snapshot()
    assert (snapshot.breaker, snapshot.failed, snapshot.opening) == ("closed", 3, 0)
    assert tested.pool.core.breaker.failures == 0
    tested.pool.lease(timeout=0).close()


@rule
def a_mistake_does_not_close_an_open_breaker_either() -> None:
    tested = PoolUnderTest(failure_budget=1)
    tested.service.failures = [OSError("away"), ParameterError("the URL has no host")]
    with pytest.raises(OSError, match="away"):
        tested.pool.lease()
    tested.clock.advance(5.0)

    with pytest.raises(ParameterError):
        tested.pool.lease(timeout=0)

    assert tested.pool.snapshot().breaker == "half-open"
    tested.pool.lease(timeout=0).close()
    assert tested.pool.snapshot().breaker == "closed"


@rule
def a_half_open_breaker_lets_one_caller_try() -> None:
    core = core_of(max_size=9, max_opening=9, failure_budget=1)
    first = ask(core)
    assert first.token is not None
    core.open_failed(first, first.token.entry, OSError("away"), 0.0)

    trying, waiting = ask(core, 5.0), ask(core, 5.0)

    assert trying.token is not None
    assert not waiting.settled
    open_for(core, trying, 5.1)
    assert waiting.token is not None, "all is as before"
    assert not core.breaker.resting


@rule
def an_open_breaker_refuses_at_once_with_its_cause() -> None:
    core = core_of(max_size=9, failure_budget=1)
    first, second = ask(core), ask(core)
    assert first.token is not None
    assert second.token is not None
    cause = OSError("away")
    core.open_failed(first, first.token.entry, cause, 0.0)

    refused = ask(core, 1.0)

    assert isinstance(refused.refusal, BreakerOpenError)
    assert repr(refused.refusal.__cause__) == repr(cause)
    assert refused.refusal.retry_after == 4.0


@rule
def an_open_breaker_does_not_refuse_who_can_be_served_by_a_return() -> None:
    core = core_of(max_size=9, failure_budget=1)
    (token,) = fill(core, 1)
    first = ask(core)
    assert first.token is not None
    core.open_failed(first, first.token.entry, OSError("too many sessions"), 0.0)

    waiter = ask(core, 1.0)

    assert not waiter.settled
    give_back(core, token, 1.0)
    assert waiter.token is token


@rule
def an_opening_that_hangs_loses_its_place_and_is_closed_when_it_comes() -> None:
    core = core_of(max_size=1, open_timeout=10.0)
    hanging, waiting = ask(core), ask(core)
    token = hanging.token
    assert token is not None
    core.settle(19.9)
    assert not waiting.settled

    core.settle(20.0)
    open_for(core, waiting, 20.0)

    late = cast(Connection, FakeConnection())
    assert not core.opened(token.entry, late, 25.0)
    assert core.doomed == {token.entry: "late"}
    assert len(core.entries) == 1


@rule
def what_is_being_closed_keeps_its_room() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    waiter = ask(core)

    give_back(core, token, trouble="broken")

    assert not waiter.settled
    assert (core.held, len(core.closing)) == (0, 1)
    core.vacate(token.entry, 0.0)
    open_for(core, waiter)
    assert not core.closing


@rule
def a_closing_that_hangs_loses_its_place() -> None:
    core = core_of(max_size=1, open_timeout=10.0)
    (token,) = fill(core, 1)
    waiter = ask(core)
    give_back(core, token, 5.0, trouble="broken")
    assert waiter.alarm == 25.0

    core.settle(24.9)
    assert not waiter.settled
    core.settle(25.0)

    open_for(core, waiter, 25.0)
    core.vacate(token.entry, 30.0)
    assert core.counters.closed == {"broken": 1}


@rule
def a_place_that_is_being_closed_is_no_deadlock() -> None:
    tested = PoolUnderTest(max_size=1, nested="allow")
    lease = tested.pool.lease()
    entry = next(iter(tested.pool.core.entries))
    assert tested.pool.blockers() is not None

    tested.pool.change_only(tested.pool.core.doom, entry, "broken", 0.0)

    assert tested.pool.blockers() is None
    tested.pool.finish()
    lease.close()


@rule
def the_head_of_the_queue_is_told_when_to_look_again() -> None:
    core = core_of(max_size=1, open_timeout=10.0)
    ask(core)
    first, second = ask(core), ask(core)

    assert (first.alarm, second.alarm) == (20.0, None)
    core.give_up(first, 1.0)
    assert second.alarm == 20.0


@rule
def a_paused_opening_is_begun_when_its_pause_is_over() -> None:
    core = core_of(max_size=2)
    (token,) = fill(core, 1)
    first = ask(core)
    assert first.token is not None
    core.open_failed(first, first.token.entry, OSError(), 0.0)
    waiter = ask(core)
    assert waiter.alarm == pytest.approx(0.1)

    core.settle(0.1)

    open_for(core, waiter, 0.1)
    del token


# --- governing -------------------------------------------------------------------------------


@rule
def a_paused_pool_lends_nothing_until_it_is_resumed() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    core.pause(refuse=False)
    waiter = ask(core)
    give_back(core, token)
    assert not waiter.settled

    core.resume(0.0)

    assert waiter.token is token


@rule
def a_pause_shuts_the_fast_path() -> None:
    tested = PoolUnderTest()
    tested.pool.lease().close()
    tested.pool.pause(refuse=True)

    with pytest.raises(PoolPausedError):
        tested.pool.lease()
    tested.pool.settle()
    with pytest.raises(PoolPausedError):
        tested.pool.lease()

    tested.pool.resume()
    tested.pool.lease().close()


@rule
def draining_replaces_every_connection() -> None:
    tested = PoolUnderTest()
    idle, held = tested.pool.lease(), tested.pool.lease()
    connections = [fake(idle), fake(held)]
    idle.close()

    tested.pool.drain()
    assert [connection.closings for connection in connections] == [1, 0]
    held.close()

    assert connections[1].closings == 1
    assert fake(tested.pool.lease()) not in connections


@rule
def what_the_fast_path_took_before_a_drain_is_not_lent_after_it() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    give_back(core, token)
    taken, _ = core.idle.popitem()

    core.drain(0.0)

    assert core.unfit(taken.entry, 0.0) == "drained"


@rule
def closing_refuses_who_waits_and_who_comes() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    waiter = ask(core)

    core.close(0.0)

    assert isinstance(waiter.refusal, PoolClosedError)
    assert isinstance(ask(core).refusal, PoolClosedError)
    give_back(core, token)
    assert close_doomed(core) == ["closed"]
    assert not core.entries


@rule
def closing_closes_what_is_idle_and_later_what_comes_back() -> None:
    tested = PoolUnderTest()
    idle, held = tested.pool.lease(), tested.pool.lease()
    idle.close()

    with pytest.raises(PoolTimeoutError, match=r"still lent.*rules\.py"):
        tested.pool.close(timeout=0)
    assert tested.service.alive == 1
    held.close()

    assert tested.service.alive == 0
    tested.pool.close()


@rule
def closing_by_force_abandons_what_is_lent() -> None:
    tested = PoolUnderTest()
    lease = tested.pool.lease()
    connection = fake(lease)

    tested.pool.close(timeout=0, force=True)

    assert (connection.closings, connection.abandoned) == (0, 1)
    lease.close()
    assert (connection.closings, connection.abandoned) == (0, 1)
    assert tested.pool.snapshot().abandoned == 1


@rule
def everyone_who_waits_for_quiet_is_woken() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    woken: list[str] = []

    class Watcher(Waiter):
        def wake(self) -> None:
            woken.append("woken")
            core.watchers.remove(self)  # its thread is quick

    core.watchers += [Watcher(0.0, 9.0, Lane.NORMAL, None) for _ in range(2)]

    give_back(core, token)

    assert woken == ["woken", "woken"]


# --- leases ----------------------------------------------------------------------------------


@rule
def a_return_serves_who_waits() -> None:
    tested = PoolUnderTest(max_size=1)
    lease = tested.pool.lease()
    waiter = ask(tested.pool.core, tested.pool.now())

    lease.close()

    assert waiter.token is not None


@rule
def a_lease_is_given_back_once() -> None:
    tested = PoolUnderTest()
    lease = tested.pool.lease()
    lease.close()

    with pytest.raises(LeaseReturnedError):
        lease.close()
    with pytest.raises(LeaseReturnedError):
        _ = lease.connection

    assert len(tested.pool.core.idle) == 1


@rule
def a_lease_that_nobody_gave_back_loses_its_connection_not_its_place() -> None:
    tested = PoolUnderTest(max_size=1)
    lease: Lease | None = tested.pool.lease()
    assert lease is not None
    connection = fake(lease)
    logging.getLogger("coffre.pool").disabled = True
    try:
        lease = None
        gc.collect()
    finally:
        logging.getLogger("coffre.pool").disabled = False

    with tested.pool.lease(timeout=0) as fresh:
        assert same(fresh) is not connection
    assert connection.closings == 1
    assert tested.pool.snapshot().leaks == 1
    del lease


@rule
def loans_are_counted_exactly() -> None:
    tested = PoolUnderTest(max_lifetime=10.0)
    for _ in range(3):
        tested.pool.lease().close()
        tested.clock.advance(11.0)
    tested.pool.lease().close()
    tested.pool.lease().close()

    snapshot = tested.pool.snapshot()
    assert (snapshot.checkouts, snapshot.opened) == (5, 4)
    assert snapshot.opened == snapshot.idle + sum(snapshot.closed_by_reason.values())


@rule
def a_thread_that_waits_for_itself_is_told_at_once() -> None:
    tested = PoolUnderTest(max_size=1, nested="allow")
    lease = tested.pool.lease()

    with pytest.raises(PoolDeadlockError, match=r"rules\.py"):
        tested.pool.lease(timeout=60)

    lease.close()
    tested.pool.lease().close()


@rule
def who_was_served_a_moment_ago_is_not_part_of_a_deadlock() -> None:
    graph = WaitGraph()
    held = {"left": ["b"], "right": ["a"]}

    class Side:
        def __init__(self, name: str) -> None:
            self.name = name

        def blockers(self) -> list[object]:
            return list(held[self.name])

    first, second = (Waiter(0.0, 9.0, Lane.NORMAL, name) for name in "ab")
    assert graph.wait(first, Side("left")) is None
    first.token = Token(Entry(0, 0.0))
    assert graph.wait(second, Side("right")) is None
    first.token = None
    assert graph.wait(second, Side("right")) == frozenset[object](["a", "b"])


@rule
def a_lease_that_was_handed_over_is_no_deadlock() -> None:
    tested = PoolUnderTest(max_size=1, nested="allow")
    lease = tested.pool.lease()
    lease.hand_over()
    threading.Timer(0.01, lease.close).start()

    tested.pool.lease(timeout=None).close()


@rule
def a_second_connection_for_one_thread_is_refused_where_that_is_wished() -> None:
    tested = PoolUnderTest(max_size=1, nested="raise")
    lease = tested.pool.lease()

    with pytest.raises(NestedLeaseError, match=r"rules\.py"):
        tested.pool.lease(timeout=60)
    lease.close()


@rule
def trying_waits_for_nobody() -> None:
    tested = PoolUnderTest(max_size=1)
    lease = tested.pool.lease(timeout=0)

    with pytest.raises(PoolTimeoutError, match=r"rules\.py"):
        tested.pool.lease(timeout=0)
    with pytest.raises(InvalidRequestError):
        tested.pool.lease(timeout=-1)
    lease.close()


@rule
def a_broken_connection_is_replaced_without_losing_its_place() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    waiting = ask(core)
    owner = Waiter(0.0, 9.0, Lane.HIGH, None)

    token.entry.shut = True
    core.exchange(owner, token, 0.0, "lost")

    open_for(core, owner)
    assert not waiting.settled
    assert len(core.entries) == 1


# --- several pools ---------------------------------------------------------------------------


@rule
def pools_with_a_total_never_exceed_it_together() -> None:
    total = Total(2)
    one, two = core_of(total=total), core_of(total=total)
    total.pools += [one, two]
    (token,) = fill(one, 1)
    fill(two, 1)

    waiter = ask(two)
    assert not waiter.settled
    give_back(one, token)
    assert not waiter.settled, "it is not closed yet"
    assert close_doomed(one) == ["made-room"]

    open_for(two, waiter)
    assert (len(one.entries), len(two.entries)) == (0, 2)


@rule
def the_connection_idle_for_longest_makes_room_for_another_pool() -> None:
    total = Total(3)
    one, two, three = (core_of(total=total) for _ in range(3))
    total.pools += [one, two, three]
    old = fill(one, 1)[0]
    new = fill(two, 1)[0]
    give_back(two, new, 2.0)
    give_back(one, old, 1.0)
    fill(three, 1)
    waiter = ask(three, 3.0)
    close_doomed(one, two, three)

    open_for(three, waiter, 3.0)

    assert old.entry.gone
    assert not new.entry.gone


@rule
def one_connection_makes_room_for_one() -> None:
    total = Total(2)
    one, two = core_of(total=total), core_of(total=total)
    total.pools += [one, two]
    for token in fill(one, 2):
        give_back(one, token)

    first, second = ask(two), ask(two)
    assert len(one.closing) == 1
    close_doomed(one)

    open_for(two, first)
    close_doomed(one)
    open_for(two, second)
    assert total.count == 2


@rule
def who_waits_longest_is_served_first_across_pools() -> None:
    total = Total(1)
    one, two = core_of(total=total), core_of(total=total)
    total.pools += [one, two]
    (token,) = fill(one, 1)
    elsewhere = ask(two)
    here = ask(one)

    give_back(one, token)
    close_doomed(one)

    open_for(two, elsewhere)
    assert not here.settled


@rule
def a_return_is_seen_by_other_pools_that_wait_for_room() -> None:
    total = Total(1)
    one, two = core_of(total=total), core_of(total=total)
    total.pools += [one, two]
    (token,) = fill(one, 1)
    waiter = ask(two)

    assert one.gate, "the return must take the slow path"
    give_back(one, token)
    close_doomed(one)
    assert waiter.token is not None
    open_for(two, waiter)
    assert not one.gate


@rule
def what_another_pool_returns_at_that_very_moment_is_seen() -> None:
    total = Total(1)
    one, two = core_of(total=total), core_of(total=total)
    total.pools += [one, two]
    (token,) = fill(one, 1)
    look = total._longest_idle
    gates = []

    def look_too_early(asking: Serving) -> tuple[Serving, Token] | None:
        found = look(asking)
        gates.append(one.gate)
        return found

    total._longest_idle = look_too_early  # type: ignore[method-assign]
    ask(two)
    del token

    assert gates[-1], "who returns now would see nobody waiting"


# --- after an interruption -------------------------------------------------------------------


@rule
def repairing_puts_a_half_done_grant_straight() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    waiter = ask(core)
    core.idle[token] = None
    core.draw()  # and no further
    assert waiter.token is None, "its thread would take what may still be found bad"

    core.repair()
    core.settle(0.0)

    assert waiter.token is token
    assert waiter not in core.line


@rule
def a_waiter_sees_only_what_is_finally_its_own() -> None:
    total = Total(1)
    one, two = core_of(total=total), core_of(total=total)
    total.pools += [one, two]
    (token,) = fill(one, 1)
    elsewhere = ask(two)
    here = ask(one)
    judge = one.unfit
    seen = []

    def judge_and_look(entry: Entry, now: float) -> str | None:
        seen.append(here.token)
        return judge(entry, now)

    one.unfit = judge_and_look  # type: ignore[method-assign]
    give_back(one, token)
    close_doomed(one)

    assert seen[-1] is None
    assert elsewhere.token is not None


@rule
def repairing_takes_the_served_out_of_the_line() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    waiter = ask(core)
    core.idle[token] = None
    core.draw()
    waiter.token, core.drawn = core.drawn, None  # and no further

    core.repair()

    assert waiter not in core.line


@rule
def repairing_ends_what_was_half_thrown_away() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    waiter = ask(core)
    core.doomed[token.entry] = "broken"  # and no further

    core.repair()
    core.settle(0.0)
    assert not waiter.settled
    assert close_doomed(core) == ["broken"]

    open_for(core, waiter)
    assert core.counters.closed == {"broken": 1}


@rule
def repairing_does_not_forget_what_is_being_closed() -> None:
    core = core_of(max_size=1)
    (token,) = fill(core, 1)
    give_back(core, token, trouble="broken")
    core.doomed.clear()  # somebody is closing it
    waiter = ask(core)

    core.repair()
    core.settle(0.0)

    assert not waiter.settled
    core.vacate(token.entry, 0.0)
    open_for(core, waiter)


@rule
def repairing_leaves_those_who_open_to_themselves() -> None:
    core = core_of(max_size=1, open_timeout=10.0)
    opener = ask(core)
    token = opener.token
    assert token is not None
    core.settle(25.0)
    core.pause(refuse=False)

    core.repair()
    core.settle(25.0)

    assert opener.token is token, "it is told as its connection comes"
    assert not core.opened(token.entry, cast(Connection, FakeConnection()), 26.0)


@rule
def an_entry_without_an_owner_is_given_up() -> None:
    core = core_of(max_size=1)
    waiter = ask(core)
    assert waiter.token is not None
    entry: Entry = waiter.token.entry
    entry.gone = True  # and no further
    waiter.token = None

    core.repair()
    core.settle(0.0)

    assert entry not in core.entries
    assert len(core.entries) == 1
    assert isinstance(waiter.token, Token)
