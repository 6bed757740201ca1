"""The rules of a limit, each as one situation: tests, and the judges of its mutants."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context

import pytest

from coffre.contract import InvalidRequestError
from coffre.pool import (
    Lane,
    LimiterBusyError,
    LimiterTimeoutError,
    PoolDeadlockError,
    ThreadLimiter,
    together,
)
from coffre.pool.entries import Waiter
from coffre.pool.permits import Permit, Permits
from coffre.testing import FakeClock

RULES: dict[str, Callable[[], None]] = {}


def rule(check: Callable[[], None]) -> Callable[[], None]:
    RULES[check.__name__.replace("_", " ")] = check
    return check


def come(permits: Permits, key: int, lane: Lane = Lane.NORMAL) -> Waiter:
    """Somebody wants in."""
    waiter = Waiter(0.0, float("inf"), lane, key)
    permits.come(waiter)
    return waiter


def go(permits: Permits, waiter: Waiter) -> None:
    """Somebody who was let in leaves."""
    permit = permits.held[waiter.holder]
    permit.stays.pop(id(waiter), None)
    permits.leave(permit)


def elsewhere(work: Callable[[], object]) -> object:
    """Do it in another thread, and say what came of it."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # noqa: BLE001 - told to the one who asked
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive(), "it waits"
    return found[0]


@rule
def who_came_first_is_let_in_first() -> None:
    permits = Permits(1)
    first, second, third = come(permits, 1), come(permits, 2), come(permits, 3)

    go(permits, first)

    assert (second.admitted, third.admitted) == (True, False)


@rule
def who_gives_up_hands_on_what_it_was_given() -> None:
    permits = Permits(1)
    first, second, third = come(permits, 1), come(permits, 2), come(permits, 3)
    go(permits, first)

    permits.give_up(second)

    assert third.admitted
    assert not second.admitted
    assert second not in permits.line


@rule
def who_gives_up_in_line_is_not_let_in_later() -> None:
    permits = Permits(1)
    first, second, third = come(permits, 1), come(permits, 2), come(permits, 3)
    permits.give_up(second)

    go(permits, first)

    assert third.admitted
    assert not second.admitted
    assert 2 not in permits.waiting


@rule
def who_is_refused_waits_no_more() -> None:
    permits = Permits(1)
    first, second = come(permits, 1), come(permits, 2)

    permits.refuse(second, LimiterTimeoutError("late"))
    go(permits, first)

    assert not second.admitted
    assert second.refusal is not None


@rule
def a_larger_limit_lets_in_at_once_and_a_smaller_one_is_paid_back() -> None:
    permits = Permits(1)
    first, second, third = come(permits, 1), come(permits, 2), come(permits, 3)

    permits.resize(2)
    assert (second.admitted, third.admitted) == (True, False)
    permits.resize(1)
    go(permits, first)

    assert not third.admitted
    go(permits, second)
    assert third.admitted


@rule
def a_paused_limit_lets_in_nobody_until_it_is_resumed() -> None:
    permits = Permits(2)
    permits.room(1)
    permits.pause()
    waiter = come(permits, 1)
    assert not waiter.admitted

    permits.resume()

    assert waiter.admitted
    assert not permits.gate


@rule
def a_paused_limit_has_room_for_nobody() -> None:
    permits = Permits(2)
    permits.pause()
    assert permits.room(1) is None

    permits.give_up(come(permits, 2))

    assert permits.room(1) is None


@rule
def parked_permits_above_a_smaller_limit_are_taken_back() -> None:
    permits = Permits(2)
    permits.room(1)
    permits.room(2)

    permits.resize(1)

    assert len(permits.held) <= 1
    assert not permits.gate


@rule
def members_of_a_party_are_let_in_together() -> None:
    permits = Permits(1)
    first, member, other, late_member = (come(permits, key) for key in (1, 2, 3, 2))

    go(permits, first)

    assert (member.admitted, late_member.admitted, other.admitted) == (True, True, False)
    assert list(permits.line) == [other]
    assert list(permits.waiting) == [3]


class Recalling(dict[object, Permit]):
    """Permits that are recalled as they are looked up: another thread was quicker."""

    def get(self, key: object, default: object = None) -> Permit | None:  # type: ignore[override]
        permit = super().get(key)
        if permit is not None:
            permit.recalled = True
        return permit


@rule
def who_is_recalled_in_the_last_moment_queues() -> None:
    limiter = ThreadLimiter(1, timeout=0.0)
    with limiter:
        pass
    limiter.pause()
    limiter.held = Recalling({threading.get_ident(): Permit(threading.get_ident())})
    with pytest.raises(LimiterTimeoutError), limiter:
        pass


@rule
def a_parked_permit_goes_to_who_waits() -> None:
    limiter = ThreadLimiter(1, timeout=1.0)
    with limiter:
        pass

    assert elsewhere(limiter.enter) is not None
    assert elsewhere(lambda: limiter.enter(timeout=0).close()) is None


@rule
def who_enters_again_needs_no_other_permit() -> None:
    limiter = ThreadLimiter(1, timeout=0.0)
    with limiter, limiter, limiter.enter(), limiter:
        assert limiter.statistics().inside == 1
    with limiter:
        with limiter:
            pass
        assert limiter.statistics().inside == 1
    assert limiter.statistics().inside == 0
    assert elsewhere(lambda: limiter.enter(timeout=0).close()) is None


@rule
def who_is_inside_enters_again_while_others_wait() -> None:
    permits = Permits(1)
    come(permits, 1)
    come(permits, 2)

    assert come(permits, 1).admitted


@rule
def the_last_exit_frees_exactly_one() -> None:
    limiter = ThreadLimiter(2, timeout=0.0)
    stays = [limiter.enter() for _ in range(2)]
    with limiter:
        stays[0].close()
        stays[0].close()
        assert limiter.statistics().inside == 1
    assert limiter.statistics().inside == 1
    stays[1].close()
    assert limiter.statistics().inside == 0
    limiter.__exit__(None, None, None)
    with limiter:
        assert limiter.statistics().inside == 1


@rule
def a_stay_that_is_dropped_while_somebody_waits_ends() -> None:
    limiter = ThreadLimiter(1)
    stays = [limiter.enter()]
    let_in = threading.Event()

    def work() -> None:
        # Whoever is never let in (a mutant) outlives this rule, and must not trouble a later test.
        with suppress(LimiterTimeoutError), limiter:
            let_in.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while not limiter.permits.line:
        pass
    stays.clear()
    assert let_in.wait(5)
    thread.join()


@rule
def one_caller_too_many_is_told_at_once() -> None:
    limiter = ThreadLimiter(1, max_waiting=0)
    with limiter:
        assert isinstance(elsewhere(limiter.enter), LimiterBusyError)
    assert limiter.statistics().refused == 1
    assert limiter.statistics().waiting == 0


@rule
def a_timeout_names_who_is_inside() -> None:
    clock = FakeClock()
    limiter = ThreadLimiter(1, clock=clock)
    with limiter:
        error = elsewhere(lambda: limiter.enter(timeout=0))
    assert isinstance(error, LimiterTimeoutError)
    assert "MainThread" in str(error)
    assert limiter.statistics().timed_out == 1


@rule
def a_limit_of_nothing_is_no_deadlock_and_a_negative_patience_a_mistake() -> None:
    limiter = ThreadLimiter(0)
    with pytest.raises(LimiterTimeoutError):
        limiter.enter(timeout=0.001)
    with pytest.raises(InvalidRequestError):
        limiter.enter(timeout=-1)


@rule
def a_party_has_one_permit() -> None:
    limiter = ThreadLimiter(1, timeout=0.0)
    with together():
        contexts = [copy_context() for _ in range(2)]
        with limiter:
            for context in contexts:
                assert elsewhere(lambda context=context: context.run(limiter.enter)) is not None  # type: ignore[misc]
            assert limiter.statistics().inside == 1


def crosswise(first: Callable[[ThreadLimiter], object], patience: float | None = None) -> list[str]:
    """Two threads take two limits in opposite orders, the first each in a way of its own."""
    one, other = ThreadLimiter(1, timeout=patience), ThreadLimiter(1, timeout=patience)
    both = threading.Barrier(2)
    outcomes: list[object] = []

    def work(limits: list[ThreadLimiter]) -> None:
        entered = first(limits[0])
        try:
            both.wait(5)
            with limits[1]:
                outcomes.append("let in")
        except (PoolDeadlockError, LimiterTimeoutError) as error:
            outcomes.append(error.code)
        finally:
            if entered is limits[0]:
                limits[0].__exit__(None, None, None)
            else:
                entered.close()  # type: ignore[attr-defined]

    threads = [
        threading.Thread(target=work, args=(pair,), daemon=True)
        for pair in ([one, other], [other, one])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive(), "they wait for ever"
    return sorted(map(str, outcomes))


@rule
def a_knot_of_blocks_is_told() -> None:
    assert crosswise(ThreadLimiter.__enter__) == ["let in", "pool-deadlock"]
    assert crosswise(lambda limiter: limiter.enter().__enter__()) == ["let in", "pool-deadlock"]


@rule
def a_stay_that_anybody_may_end_is_never_told_to_be_a_knot() -> None:
    assert "pool-deadlock" not in crosswise(ThreadLimiter.enter, patience=0.02)


@rule
def a_stay_that_is_ended_elsewhere_ends_the_wait_of_who_took_it() -> None:
    limits = [ThreadLimiter(1), ThreadLimiter(1)]
    stay = limits[0].enter()
    inside = threading.Event()

    def hold_the_other_and_want_the_first() -> None:
        with suppress(LimiterTimeoutError), limits[1]:
            inside.set()
            with limits[0]:
                pass

    thread = threading.Thread(target=hold_the_other_and_want_the_first, daemon=True)
    thread.start()
    inside.wait(5)
    while not limits[0].permits.line:
        pass
    timer = threading.Timer(0.01, stay.close)
    timer.start()
    with limits[1]:  # no knot: the timer's thread ends it
        pass
    thread.join(5)
    timer.join()
    assert not thread.is_alive()


@rule
def what_was_interrupted_is_put_straight() -> None:
    permits = Permits(2)
    first, second, third = come(permits, 1), come(permits, 2), come(permits, 3)
    permits.held[1].stays.clear()  # left, and was interrupted before it told

    permits.repair()

    assert third.admitted
    assert second.admitted
    assert first is not None
    assert len(permits.held) == 2


@rule
def who_was_let_in_as_it_was_interrupted_stays_so() -> None:
    permits = Permits(1)
    first, second, third = come(permits, 1), come(permits, 2), come(permits, 3)
    permits.held[1].stays.clear()
    del permits.held[1]
    served = permits.line.served
    permits.line.served = _interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        permits.serve()
    permits.line.served = served  # type: ignore[method-assign]
    permits.paused = True

    permits.repair()

    assert (second.admitted, third.admitted) == (True, False)
    assert second not in permits.line
    assert first is not None


def _interrupted(waiter: Waiter) -> None:
    raise KeyboardInterrupt


@rule
def a_finaliser_inside_the_lock_does_not_wait_for_itself() -> None:
    limiter = ThreadLimiter(2)
    waiter_seen: list[object] = []
    stay = limiter.enter()
    limiter.pause()
    serve = limiter.permits.serve

    def serve_and_more() -> None:
        limiter.permits.serve = serve  # type: ignore[method-assign]
        serve()
        stay.close()  # a generator that is collected, a signal handler
        with pytest.raises(PoolDeadlockError):
            limiter.enter(timeout=None)
        waiter_seen.append(None)

    limiter.permits.serve = serve_and_more  # type: ignore[method-assign]
    elsewhere(limiter.resume)
    assert waiter_seen
    assert limiter.statistics().inside == 0
    assert not limiter.noted
