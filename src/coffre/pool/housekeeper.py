"""The housekeeper: one thread for all pools of the process that ask for one, and none otherwise.

It keeps idle connections ready (``min_idle``), keeps them alive (``keepalive``), closes the old
ones early and reports leaks. A daemon, never joined at exit (psycopg#930, #954), started again
when it has died, and after a fork.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import Protocol

from coffre.pool.forks import remember_first

logger = logging.getLogger("coffre.pool")

SHORTEST = 0.05
"""Seconds between two rounds, at least."""
LONGEST = 30.0
"""Seconds between two rounds, at most."""


class Kept(Protocol):
    """A pool that wants to be looked after."""

    def keep(self) -> float:
        """Do what is due; returns in how many seconds to come again."""
        ...


class Housekeeper:
    """Goes round the pools that asked for it."""

    def __init__(self) -> None:
        """No thread yet."""
        self._pools: weakref.WeakSet[Kept] = weakref.WeakSet()
        self._changed = threading.Event()
        self._lock = threading.Lock()  # guards the thread and the set
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether there is a thread."""
        return self._thread is not None and self._thread.is_alive()

    def look_after(self, pool: Kept) -> None:
        """Go by that pool from now on, for as long as it lives."""
        with self._lock:
            self._pools.add(pool)
            if not self.running:
                self._thread = threading.Thread(
                    target=self._run, name="coffre-housekeeper", daemon=True
                )
                self._thread.start()
        self._changed.set()

    def forget(self, pool: Kept) -> None:
        """It was closed."""
        with self._lock:
            self._pools.discard(pool)
        self._changed.set()

    def _run(self) -> None:
        while True:
            self._changed.clear()
            with self._lock:
                pools = list(self._pools)
                if not pools:
                    self._thread = None  # started again when somebody asks
                    return
            wait = min((self._visit(pool) for pool in pools), default=LONGEST)
            del pools  # a pool that nobody else has must not be kept alive from here
            self._changed.wait(min(max(wait, SHORTEST), LONGEST))

    @staticmethod
    def _visit(pool: Kept) -> float:
        started = time.monotonic()
        try:
            return pool.keep()
        except Exception:
            logger.exception("the housekeeper failed at a pool, and goes on")
            return LONGEST
        finally:
            if (took := time.monotonic() - started) > LONGEST:
                logger.warning("the housekeeper spent %.0f s at one pool", took)

    def after_fork_in_child(self) -> None:
        """The thread stayed in the parent; pools that go on here ask again."""
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._thread = None
        self._pools = weakref.WeakSet()


HOUSEKEEPER = Housekeeper()
"""The one of this process."""
remember_first(HOUSEKEEPER)
