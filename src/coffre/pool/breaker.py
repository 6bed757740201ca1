"""The breaker: how often a service that does not answer is asked again.

Failed openings are followed by growing pauses under full jitter. After several in a row the
breaker opens: callers are told at once, with the cause, and the service is left alone. Then
one caller tries; if that works all is as before, else the rest is twice as long.

Source: M. Nygard, "Release It!", 2007 (circuit breaker); M. Brooker, "Exponential Backoff And
Jitter", AWS Architecture Blog, 2015 (full jitter).
"""

from __future__ import annotations

import copy
from collections.abc import Callable

from coffre.contract import CoffreError, OfferError, OfferUnavailableError
from coffre.pool.settings import PoolSettings

_MOST_DOUBLINGS = 32


class Breaker:
    """Decides whether a connection may be opened now. Pure: time and chance are handed in."""

    def __init__(self, settings: PoolSettings, chance: Callable[[], float]) -> None:
        """Closed: openings are allowed.

        Args:
            settings: budget and durations.
            chance: source of jitter, from 0 up to 1.
        """
        self._settings = settings
        self._chance = chance
        self.failures = 0
        """Failed openings in a row."""
        self.resting = False
        """Whether it is open, half-open included."""
        self.retry_at = 0.0
        """No opening before this moment."""
        self.cause: Exception | None = None
        self.failed_at = 0.0
        """When the last opening failed."""
        self.trips = 0
        """How often it opened."""
        self._rests = 0

    def allows(self, now: float, opening: int) -> bool:
        """Whether an opening may begin, while so many others are under way."""
        if now < self.retry_at:
            return False
        return not self.resting or opening == 0  # half-open: one at a time

    def refuses(self, now: float) -> bool:
        """Whether callers are told at once that there is no point in waiting."""
        return self.resting and now < self.retry_at

    def failed(self, now: float, error: Exception) -> None:
        """An opening failed."""
        self.failures += 1
        self.cause = remembered(error)
        self.failed_at = now
        if self.resting or self.failures >= self._settings.failure_budget:
            self._rest(now)
        else:
            longest = self._doubled(
                self._settings.first_backoff, self.failures - 1, self._settings.longest_backoff
            )
            self.retry_at = now + self._chance() * longest

    def _rest(self, now: float) -> None:
        if not self.resting:
            self.trips += 1
        self.resting = True
        rest = self._doubled(self._settings.first_rest, self._rests, self._settings.longest_rest)
        self._rests += 1
        self.retry_at = now + rest

    @staticmethod
    def _doubled(first: float, times: int, most: float) -> float:
        return float(min(most, first * 2.0 ** min(times, _MOST_DOUBLINGS)))

    def succeeded(self) -> None:
        """An opening succeeded: all is as before."""
        self.failures = 0
        self.resting = False
        self.retry_at = 0.0
        self._rests = 0
        self.cause = None


def blames_service(error: Exception) -> bool:
    """Whether a failed opening says something about the service.

    A wrong parameter or a driver that cannot be used do not: they are told to whoever made the
    mistake, each time, and must not keep others, or a corrected one, from a service that is well.
    """
    return isinstance(error, OfferError) or not isinstance(error, CoffreError)


def remembered(error: Exception) -> Exception:
    """The same error without its traceback, whose frames would keep a caller's leases alive."""
    try:
        again = copy.copy(error)
    except Exception:  # noqa: BLE001 - an error of a driver that cannot be made again
        again = OfferUnavailableError(f"opening failed: {type(error).__name__}")
    return again.with_traceback(None)
