"""ConnectionPool: the thread face of a pool, and how it is governed while it runs."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

from coffre.contract import InvalidRequestError
from coffre.pool import connections
from coffre.pool.errors import PoolTimeoutError
from coffre.pool.keeping import Keeping
from coffre.pool.settings import DEFAULT, Lane, Timeout
from coffre.pool.waiters import ThreadWaiter

logger = logging.getLogger("coffre.pool")


class ConnectionPool(Keeping):
    """Connections of one driver under one set of parameters, never more than a bound.

    Safe between threads. Strictly first come, first served; tasks of asyncio wait in the same
    queue (:class:`~coffre.pool.AsyncConnectionPool`). No thread of its own, unless its settings
    ask for idle connections to be kept ready or alive.
    """

    # --- governing -----------------------------------------------------------------------------

    def resize(self, max_size: int) -> None:
        """Change the bound. Never waits: connections above it are closed as they come back."""
        if max_size < 0:
            raise InvalidRequestError("the size of a pool cannot be negative")
        self.change(self.core.resize, max_size, self.now())

    def pause(self, *, refuse: bool = False, wait: float | None = 0.0) -> bool:
        """Lend nothing until :meth:`resume`.

        Args:
            refuse: refuse callers instead of having them wait (their deadlines go on).
            wait: seconds to wait until everything lent has come back; ``None``: for ever.

        Returns:
            Whether nothing is lent any more.
        """
        self.change(self.core.pause, refuse=refuse)
        return self._quiet(wait)

    def resume(self) -> None:
        """Lend again, to those who waited first."""
        self.change(self.core.resume, self.now())

    def drain(self) -> None:
        """Replace every connection: idle ones are closed now, lent ones when they come back."""
        self.change(self.core.drain, self.now())

    def warm(self, count: int, *, timeout: Timeout = DEFAULT) -> int:
        """Open connections until so many are idle or lent, or there is no room for more.

        One after the other, so that a wrong password is one error, not many (HikariCP#1875).

        Returns:
            How many were opened.
        """
        opened = 0
        while len(self.core.entries) < min(count, self.core.max_size):
            leases = []
            before = len(self.core.entries)
            try:
                # Those that are idle are borrowed meanwhile, so that the next one is opened.
                for _ in range(len(self.core.idle) + 1):
                    leases.append(self.lease(timeout=timeout, lane=Lane.LOW))  # noqa: PERF401
            finally:
                for lease in leases:
                    lease.close()
            if len(self.core.entries) <= before:
                break
            opened += 1
        return opened

    def refuse_all(self) -> None:
        """Begin to close: refuse everyone who waits or comes, close what is idle. Never waits."""
        self.change(self.core.close, self.now())

    # --- closing -------------------------------------------------------------------------------

    def close(self, *, timeout: Timeout = DEFAULT, force: bool = False) -> None:
        """Refuse everyone who waits or comes, close what is idle, and wait for what is lent.

        Closing twice is harmless; connections that come back later are closed then.

        Args:
            timeout: seconds to wait for connections that are lent.
            force: abandon those that have not come back by then, instead of raising.

        Raises:
            PoolTimeoutError: some are still lent; the message names who holds them.
        """
        self.refuse_all()
        patience = self.settings.close_timeout if timeout is DEFAULT else self.patience(timeout)
        if self._quiet(patience):
            return
        holders = "; ".join(self.holders()) or "callers that are opening or closing some"
        if not force:
            raise PoolTimeoutError(
                f"pool {self.name} is closed, but {self.core.held} connections are still lent: "
                f"{holders}"
            )
        logger.warning("pool %s: abandoning what is still lent: %s", self.name, holders)
        for entry in self.change(self.core.abandon_held):
            if entry.connection is not None:
                connections.abandon(entry.connection)

    def _quiet(self, wait: float | None) -> bool:
        """Wait until nothing is lent, and nothing is being opened or closed."""
        now = self.now()
        deadline = float("inf") if wait is None else now + wait
        watcher = ThreadWaiter(now, deadline, Lane.NORMAL, None)
        watchers = self.core.watchers
        watchers.append(watcher)
        try:
            while not self.core.quiet:
                now = self.now()
                if now >= deadline:
                    return False
                watcher.sleep(now)
            return True
        finally:
            watchers.remove(watcher)

    def __enter__(self) -> Self:
        """Use the pool; it is closed on leaving."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pool."""
        self.close()

    def __repr__(self) -> str:
        """State in a line."""
        core = self.core
        state = "closed" if core.closed else "paused" if core.paused else "open"
        return (
            f"<ConnectionPool {self.name}: {state}, {core.held} held, {len(core.idle)} idle, "
            f"{len(core.opening)} opening, {len(core.line)} waiting, at most {core.max_size}>"
        )
