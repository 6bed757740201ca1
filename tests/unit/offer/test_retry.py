"""Whether and when to try again: decided without waiting, without a network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffre.contract import (
    CoffreError,
    ConnectionLostError,
    ForbiddenError,
    InvalidRequestError,
    NotReadyError,
    ObjectCorruptError,
    ObjectNotFoundError,
    OfferFailedError,
    OfferTimeoutError,
    OfferUnavailableError,
    SourceError,
)
from coffre.offer import NO_RETRY, RetryPolicy, pause_before_retry
from coffre.offer.retry import leaves_doubt

POLICY = RetryPolicy(attempts=4, first_pause=1.0, longest_pause=5.0, deadline=60.0)
UNAVAILABLE = OfferUnavailableError("maintenance")


def pause(
    error: CoffreError = UNAVAILABLE,
    *,
    policy: RetryPolicy = POLICY,
    failures: int = 1,
    elapsed: float = 0.0,
    chance: float = 0.5,
    in_doubt: bool = False,
) -> float | None:
    return pause_before_retry(
        policy, error, failures=failures, elapsed=elapsed, chance=chance, in_doubt=in_doubt
    )


@pytest.mark.parametrize(
    "error",
    [
        ForbiddenError("no"),
        ObjectNotFoundError("no"),
        ObjectCorruptError("bad"),
        OfferFailedError("flush"),
        SourceError("gone"),
        NotReadyError("on tape"),
    ],
)
def test_what_does_not_pass_is_not_tried_again(error: CoffreError) -> None:
    assert pause(error) is None


@pytest.mark.parametrize(
    "error", [UNAVAILABLE, OfferTimeoutError("slow"), ConnectionLostError("reset")]
)
def test_what_may_pass_is_tried_again(error: CoffreError) -> None:
    assert pause(error) is not None


def test_pauses_double_up_to_the_longest_one() -> None:
    pauses = [
        pause(failures=n, policy=RetryPolicy(attempts=99, first_pause=1.0, longest_pause=5.0))
        for n in (1, 2, 3, 4, 98)
    ]

    assert pauses == [0.5, 1.0, 2.0, 2.5, 2.5]


def test_jitter_takes_any_share_of_the_pause() -> None:
    assert pause(chance=0.0) == 0.0
    assert pause(chance=0.999) == 0.999


def test_attempts_are_bounded() -> None:
    assert pause(failures=3) is not None
    assert pause(failures=4) is None


def test_a_doubt_is_followed_up_beyond_the_number_of_attempts() -> None:
    assert pause(failures=40, in_doubt=True) is not None


def test_nothing_is_begun_after_the_deadline_even_in_doubt() -> None:
    assert pause(elapsed=59.5) == 0.5
    assert pause(elapsed=59.6) is None
    assert pause(elapsed=59.6, in_doubt=True) is None


def test_a_service_that_asks_to_be_left_alone_is() -> None:
    assert pause(OfferUnavailableError("busy", retry_after=7.0)) == 7.5


def test_a_service_that_asks_for_more_than_the_deadline_is_given_up_at_once() -> None:
    assert pause(OfferUnavailableError("busy", retry_after=3600.0)) is None


def test_one_attempt_means_one_even_in_doubt() -> None:
    assert pause(policy=NO_RETRY, in_doubt=True) is None


@pytest.mark.parametrize(
    ("error", "doubt"),
    [
        (ConnectionLostError("reset"), True),
        (ConnectionLostError("reset", effect_unknown=False), False),
        (OfferTimeoutError("slow"), True),
        (UNAVAILABLE, False),
        (OfferFailedError("flush"), False),
    ],
)
def test_only_some_failures_leave_a_doubt(error: CoffreError, doubt: bool) -> None:
    assert leaves_doubt(error) is doubt


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"first_pause": -1.0}, {"longest_pause": -1.0}, {"deadline": -1.0}]
)
def test_a_policy_that_cannot_be_followed_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidRequestError):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


@given(
    failures=st.integers(1, 10_000),
    elapsed=st.floats(0, 1e6),
    chance=st.floats(0, 1, exclude_max=True),
    in_doubt=st.booleans(),
)
def test_a_pause_never_leads_past_the_deadline(
    failures: int, elapsed: float, chance: float, in_doubt: bool
) -> None:
    found = pause(failures=failures, elapsed=elapsed, chance=chance, in_doubt=in_doubt)

    if found is not None:
        assert 0 <= found < POLICY.longest_pause
        assert elapsed + found <= POLICY.deadline
