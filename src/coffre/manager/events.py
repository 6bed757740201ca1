"""What happens in pools, as log records that a program can read: fields, not only sentences."""

from __future__ import annotations

import logging
from collections.abc import Callable

from coffre.pool import Listener, PoolEvent

logger = logging.getLogger("coffre.pool.events")

LEVELS = {
    "breaker-open": logging.WARNING,
    "breaker-closed": logging.INFO,
    "open-failed": logging.INFO,
    "timed-out": logging.INFO,
    "refused": logging.INFO,
    "suspected": logging.INFO,
}
"""Levels of events by kind; the others are details. A leak is logged by the pool itself."""


def log_event(event: PoolEvent) -> None:
    """Write one event to the log ``coffre.pool.events``, its parts as fields of the record."""
    level = LEVELS.get(event.kind, logging.DEBUG)
    if logger.isEnabledFor(level):
        fields = {"pool": event.pool, "event": event.kind, "detail": event.detail}
        if event.seconds is not None:
            fields["seconds"] = f"{event.seconds:.6f}"
        logger.log(level, "pool %s: %s %s", event.pool, event.kind, event.detail, extra=fields)


def telling(listener: Listener | None) -> Callable[[PoolEvent], None]:
    """The log, and a listener as well when there is one."""
    if listener is None:
        return log_event

    def both(event: PoolEvent) -> None:
        log_event(event)
        listener(event)

    return both
