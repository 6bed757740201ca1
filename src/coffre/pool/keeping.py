"""What is done for a pool while nobody asks it for anything: readiness, liveness, leaks."""

from __future__ import annotations

import logging
import sys
import traceback

from coffre.pool import connections
from coffre.pool.borrowing import Borrowing
from coffre.pool.entries import Entry, Token, Waiter
from coffre.pool.housekeeper import HOUSEKEEPER, LONGEST
from coffre.pool.settings import Lane

logger = logging.getLogger("coffre.pool")


class Keeping(Borrowing):
    """The housekeeping of a pool; each of these can be called by hand, too."""

    def _begin(self) -> None:
        super()._begin()
        if self.settings.min_idle or self.settings.keepalive is not None:
            HOUSEKEEPER.look_after(self)

    def keep(self) -> float:
        """Do what is due now.

        Returns:
            Seconds after which to come again.
        """
        self.settle()
        self.report_leaks()
        if self.core.closed:
            HOUSEKEEPER.forget(self)
            return LONGEST
        self._keep_ready()
        self._keep_alive()
        return self._next_round()

    def _next_round(self) -> float:
        now = self.now()
        times = [self.core.next_look - now]
        if self.settings.keepalive is not None:
            times.append(self.settings.keepalive / 4)
        if self.settings.min_idle:
            times.append(max(self.core.breaker.retry_at - now, 1.0))
        return min(times)

    # --- readiness -----------------------------------------------------------------------------

    def _keep_ready(self) -> None:
        """Open connections until enough are idle; failures are the breaker's business."""
        while len(self.core.idle) < self.settings.min_idle:
            now = self.now()
            waiter = Waiter(now, now, Lane.LOW, None)
            try:
                self.change(self.core.reserve_room, waiter, now)
                token = waiter.token
                if token is None or not self.work(waiter, token):
                    return
            except Exception:
                logger.debug("pool %s: no connection to keep ready", self.name, exc_info=True)
                return
            finally:
                self.change(self.core.release_room, waiter, self.now())

    # --- liveness ------------------------------------------------------------------------------

    def _keep_alive(self) -> None:
        """Probe what was idle for long: a quarter of the idle connections at most in one round."""
        keepalive = self.settings.keepalive
        if keepalive is None:
            return
        due = [
            token
            for token in list(self.core.idle)
            if self.now() - token.entry.returned >= keepalive * (0.9 + 0.1 * self._chance())
        ]
        most = max(len(self.core.idle) // 4, 1)
        for token in due[:most]:
            self._keep_one_alive(token)

    def _keep_one_alive(self, token: Token) -> None:
        now = self.now()
        waiter = Waiter(now, now + self.settings.probe_timeout, Lane.LOW, None)
        try:
            if not self.change(self.core.take_this, waiter, token):
                return
            if self._answers(token.entry):
                token.entry.returned = self.now()
                token.entry.fresh_until = min(token.entry.expires, self.now() + self.look_after)
            else:
                waiter.token = None
                self.change(self.core.throw_away, token, self.now(), "unhealthy")
        finally:
            self.change(self.core.release_room, waiter, self.now())

    def _answers(self, entry: Entry) -> bool:
        connection, patience = entry.connection, self.settings.probe_timeout
        try:
            return connection is not None and connections.probe(connection, patience)
        except BaseException:
            self.change(self.core.doom, entry, "interrupted", self.now())
            raise

    # --- leaks ---------------------------------------------------------------------------------

    def report_leaks(self) -> list[str]:
        """Report, once each, the connections that are lent and have not been used for long.

        Long *held* is no leak: a terabyte takes its time (HikariCP#694, #808).

        Returns:
            A sentence for each, with the place of the borrower and where it is now.
        """
        reports = []
        for entry, idle in self.change(self._find_leaks, self.now()):
            reports.append(
                f"pool {self.name}: a connection was lent and not used for {idle:.0f} s; "
                f"borrowed at {entry.place}{_present_stack(entry)}"
            )
            logger.warning(
                reports[-1], extra={"pool": self.name, "event": "leak", "place": entry.place}
            )
        return reports

    def _find_leaks(self, now: float) -> list[tuple[Entry, float]]:
        """Note, under the lock, what has been lent and unused for too long, and for how long."""
        found = []
        for entry in self.core.entries:
            idle = now - entry.taken
            lent = entry.code is not None and not entry.gone
            if lent and entry.reported != entry.uses and idle >= self.settings.leak_after:
                entry.reported = entry.uses
                self.core.counters.leaks += 1
                self.core.tell("leak", entry.place, idle)
                found.append((entry, idle))
        return found


def _present_stack(entry: Entry) -> str:
    """Where the thread that borrowed it is now."""
    frame = sys._current_frames().get(entry.holder) if isinstance(entry.holder, int) else None
    if frame is None:
        return ""
    return "; its borrower is now at\n" + "".join(traceback.format_stack(frame))
