"""What a borrower does before it has its connection: opening one, or looking at one."""

from __future__ import annotations

from coffre.contract import Connection
from coffre.pool import connections
from coffre.pool.entries import Entry, Token, Waiter
from coffre.pool.looking import Looking


class Opening(Looking):
    """Opens connections, and judges them before they are lent: in the caller's own thread.

    Nothing of this is done under the lock, as all of it may take time.
    """

    def needs_work(self, entry: Entry, now: float) -> bool:
        """Whether an entry has to be opened, looked at or replaced before it is lent."""
        return (
            entry.connection is None
            or now >= entry.fresh_until
            or self.core.unfit(entry, now) is not None
        )

    def work(self, waiter: Waiter, token: Token) -> bool:
        """Open, or look; false when the waiter has to wait again. May take time."""
        entry = token.entry
        if entry.connection is None:
            return self._open(waiter, entry)
        return self._fit(waiter, entry, entry.connection)

    def _open(self, waiter: Waiter, entry: Entry) -> bool:
        """Open a connection for an entry; false when it came so late that it was given away."""
        connection = None
        try:
            connection = self.opener()
            return self._take_in(waiter, entry, connection)
        except BaseException as error:
            if connection is None and isinstance(error, Exception):
                self.change(self.core.open_failed, waiter, entry, error, self.now())
            elif connection is not None and entry.connection is None:
                connections.close(connection)  # interrupted before the pool knew of it
            raise

    def _take_in(self, waiter: Waiter, entry: Entry, connection: Connection) -> bool:
        if self.change(self.core.opened, entry, connection, self.now()):
            return True
        waiter.token = None
        self.change(self.core.readmit, waiter, self.now())
        return False

    def _fit(self, waiter: Waiter, entry: Entry, connection: Connection) -> bool:
        """Look at a connection before it is lent; a bad one is replaced."""
        now = self.now()
        reason = self.core.unfit(entry, now)
        if reason is None and now >= entry.fresh_until:
            reason = None if self._asked(waiter, entry, connection, now) else "unhealthy"
            if reason is not None:
                self.change(self.core.suspect, now)
        if reason is None:
            return True
        self.change(self.core.replace, waiter, entry, self.now(), reason)
        return False

    def _asked(self, waiter: Waiter, entry: Entry, connection: Connection, now: float) -> bool:
        """As :meth:`_looks_good`; one that is interrupted may still get an answer, and must go."""
        try:
            return self._looks_good(waiter, entry, connection, now)
        except BaseException:
            self.change(self.core.doom, entry, "interrupted", now)
            raise

    def _looks_good(self, waiter: Waiter, entry: Entry, connection: Connection, now: float) -> bool:
        """Ask the connection, by a look or by a round trip, depending on how long it was idle."""
        idle = now - entry.returned
        suspect = entry.returned <= self.core.suspected_at
        if suspect or idle >= self.settings.probe_after:
            left = max(waiter.deadline - now, 0.001)
            return connections.probe(connection, min(self.settings.probe_timeout, left))
        return connections.is_healthy(connection)
