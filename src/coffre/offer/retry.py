"""Retrying: the one place where it is decided whether, and when, to try again.

By error class, never by message. Pauses grow exponentially under *full jitter*, so that many
clients of a service that comes back do not come back together. A request that may have had
its effect is not sent again before somebody looked.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter);
RFC 9110, 10.2.3 (Retry-After) and 9.2.2 (what may be repeated).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from coffre.contract import (
    SYSTEM_CLOCK,
    Clock,
    CoffreError,
    InvalidRequestError,
    NotReadyError,
    OfferUnavailableError,
)

R = TypeVar("R")

Chance = Callable[[], float]
"""Gives a number from 0 up to, not including, 1."""

_MOST_DOUBLINGS = 32
"""Enough for any pause; keeps the power of two a sensible number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patient an offer is. Durations are seconds."""

    attempts: int = 4
    """Most times a request is sent, the first one included."""
    first_pause: float = 0.1
    """Longest pause after the first failure; doubled after each further one."""
    longest_pause: float = 10.0
    """No pause is longer than this, unless the service asks for one."""
    deadline: float = 60.0
    """Nothing is begun again later than this after the first failure: a long transfer that
    breaks near its end is still tried again."""

    def __post_init__(self) -> None:
        """Refuse a policy that cannot be followed.

        Raises:
            InvalidRequestError: no attempt at all, or a negative duration.
        """
        if self.attempts < 1:
            raise InvalidRequestError("a retry policy needs at least one attempt")
        if min(self.first_pause, self.longest_pause, self.deadline) < 0:
            raise InvalidRequestError("the durations of a retry policy cannot be negative")


DEFAULT_RETRY = RetryPolicy()
"""What an offer does unless told otherwise."""
NO_RETRY = RetryPolicy(attempts=1)
"""One attempt; every error is the caller's at once."""


def pause_before_retry(
    policy: RetryPolicy,
    error: CoffreError,
    *,
    failures: int,
    elapsed: float,
    chance: float,
    in_doubt: bool = False,
) -> float | None:
    """Decide what to do after a failure; pure, so that every case is tested without waiting.

    Args:
        policy: how patient to be.
        error: the last failure.
        failures: how many there were, this one included.
        elapsed: seconds since the first failure.
        chance: from 0 up to 1, the share of the longest pause to wait.
        in_doubt: an earlier request may have had its effect. Finding out goes on until the
            deadline, whatever the number of attempts: unknown is the worst answer.

    Returns:
        Seconds to wait before trying again, or ``None`` to give up.
    """
    # What is on a slow medium comes back in hours: waiting for it is the caller's business.
    if not error.retryable or isinstance(error, NotReadyError) or policy.attempts == 1:
        return None
    if not in_doubt and (failures >= policy.attempts or has_waited(error)):
        return None
    doublings = min(failures - 1, _MOST_DOUBLINGS)
    pause = chance * min(policy.longest_pause, policy.first_pause * 2.0**doublings)
    if isinstance(error, OfferUnavailableError) and error.retry_after is not None:
        pause += error.retry_after
    return pause if elapsed + pause <= policy.deadline else None


def has_waited(error: CoffreError) -> bool:
    """Whether a pool or a limit has been patient already: to queue again would double the wait."""
    return isinstance(error, OfferUnavailableError) and error.waited


def leaves_doubt(error: CoffreError) -> bool:
    """Whether the request that failed may have had its effect all the same."""
    return isinstance(error, OfferUnavailableError) and error.effect_unknown


class Retrier:
    """Runs attempts under a policy. Shared by every thread of an offer; holds no state."""

    def __init__(
        self,
        offer: str,
        policy: RetryPolicy,
        clock: Clock = SYSTEM_CLOCK,
        chance: Chance = random.random,
    ) -> None:
        """Prepare.

        Args:
            offer: id by which errors of this offer are told from those of a content.
            policy: how patient to be.
            clock: measures and waits.
            chance: source of the jitter.
        """
        self.offer = offer
        self.policy = policy
        self.clock = clock
        self.chance = chance

    def pause(
        self, error: CoffreError, failures: int, since: float, *, in_doubt: bool = False
    ) -> float | None:
        """Seconds to wait after a failure, ``None`` to give up; ``since`` is the first one's time.

        Errors of a content (a source, another offer that is read from) are never retried here:
        this offer has nothing to do with them.
        """
        if error.offer != self.offer:
            return None
        return pause_before_retry(
            self.policy,
            error,
            failures=failures,
            elapsed=self.clock.monotonic() - since,
            chance=self.chance(),
            in_doubt=in_doubt,
        )

    def run(self, attempt: Callable[[], R], settle: Callable[[], R | None] | None = None) -> R:
        """Try until it works, or until there is no point in trying again.

        Args:
            attempt: sends the request.
            settle: asked after an attempt that may have had its effect: returns the result
                when it had, ``None`` when it had not. Without it, attempts can be repeated as
                they are.

        Raises:
            CoffreError: the last failure; where an effect stayed unknown, the failure that left
                the doubt, whose ``effect_unknown`` is true.
        """
        failures = 0
        since = 0.0
        doubt: CoffreError | None = None
        failure: CoffreError | None = None
        while True:
            try:
                if doubt is not None and settle is not None:
                    settled = settle()
                    if settled is not None:
                        return settled
                    doubt = None
                return attempt()
            except CoffreError as error:
                failures += 1
                since = since if failures > 1 else self.clock.monotonic()
                if settle is not None and doubt is None and leaves_doubt(error):
                    doubt = error
                pause = self.pause(error, failures, since, in_doubt=doubt is not None)
                if pause is None:
                    raise_last(error, doubt, failure)
                failure = error
            self.clock.sleep(pause)


def raise_last(
    error: CoffreError, doubt: CoffreError | None, before: CoffreError | None
) -> NoReturn:
    """Give up: raise what the caller has to know, from what led to it."""
    if doubt is not None and doubt is not error:
        raise doubt from error
    if before is not None and has_waited(error):
        raise before  # a refusal on our side tells less than what the offer did
    if before is not None and before is not error and error.__cause__ is None:
        raise error from before
    raise error
