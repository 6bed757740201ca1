"""The lock of a pool, and the bound and lock that several pools share."""

from __future__ import annotations

import os
import sys
import threading
from types import TracebackType
from typing import Protocol, cast

from coffre.pool.total import Total


class Guard(Protocol):
    """A lock that its own thread can take again: then it knows, instead of waiting for itself.

    A collector or a signal handler may run in the middle of the locked part, and give back a
    connection there (SQLAlchemy's queue has such a lock for that reason).
    """

    def __enter__(self) -> bool:
        """Take it."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Let it go."""
        ...

    def _is_owned(self) -> bool:
        """Whether the thread that asks has it; ``threading.Condition`` asks this, too."""
        ...


def new_guard() -> Guard:
    """A lock that nobody has."""
    return cast(Guard, threading.RLock())


class SharedTotal:
    """A bound on the connections of several pools, with the lock that they share."""

    def __init__(self, max_total: int) -> None:
        """Bound to give to the pools of one driver."""
        self._max_total = max_total
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self.rules = Total(self._max_total)
        self.lock = new_guard()

    def here(self) -> SharedTotal:
        """Itself, made anew by the first pool that asks in the child of a fork."""
        if self._process != os.getpid():
            self._begin()
        return self


def has_global_lock() -> bool:
    """Whether this interpreter makes single operations on a dictionary sequentially consistent."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return True if enabled is None else bool(enabled())
