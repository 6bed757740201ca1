"""Refusals of pools and limits: nothing was sent, so nothing is in doubt.

All of them are an :class:`~coffre.contract.OfferUnavailableError`: whoever knows how to live
without an offer for a while needs no new case. ``effect_unknown`` is always false.
"""

from __future__ import annotations

from coffre.contract import OfferUnavailableError


class PoolError(OfferUnavailableError):
    """A pool or a limit did not let the caller in; nothing was sent."""

    code = "pool-error"
    waited = True


class PoolTimeoutError(PoolError, TimeoutError):
    """No connection became free in time. The message names who holds them.

    Its cause is the last failure to open one, if that happened while this caller waited.
    """

    code = "pool-timeout"


class PoolBusyError(PoolError):
    """So many wait already, or so long, that waiting is pointless: refused at once."""

    code = "pool-busy"


class PoolClosedError(PoolError):
    """The pool was closed, and stays so."""

    code = "pool-closed"
    retryable = False


class PoolPausedError(PoolError):
    """The pool is paused, and whoever paused it does not want callers to wait."""

    code = "pool-paused"


class PoolDeadlockError(PoolError):
    """Waiting would never end: everyone who could return a connection waits, too.

    The message names who holds what. Trying again without returning something cannot help.
    """

    code = "pool-deadlock"
    retryable = False


class BreakerOpenError(PoolError):
    """Opening failed several times in a row, and the service is left alone for a while.

    Its cause is the last failure; ``retry_after`` says in how many seconds one caller may try.
    """

    code = "breaker-open"


class NestedLeaseError(PoolError):
    """One thread asked for a second connection of a pool that is set to refuse that."""

    code = "lease-nested"
    retryable = False


class LeaseReturnedError(PoolError):
    """A lease, or what was reached through it, was used after it had been returned."""

    code = "lease-returned"
    retryable = False


class LeaseForkedError(PoolError):
    """A lease taken before a fork was used in the child: the session is the parent's."""

    code = "lease-forked"
    retryable = False


class LimiterTimeoutError(PoolError, TimeoutError):
    """No permit became free in time. The message names who holds them."""

    code = "limiter-timeout"


class LimiterBusyError(PoolError):
    """More callers wait for a permit than are allowed to."""

    code = "limiter-busy"
