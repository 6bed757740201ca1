"""Who is served next, and with what: the rules of the queue."""

from __future__ import annotations

from coffre.pool.entries import Entry, Token, Waiter
from coffre.pool.errors import PoolClosedError
from coffre.pool.refusing import Refusing


class Serving(Refusing):
    """Hands idle connections, and room for new ones, to the oldest waiter.

    A returned connection goes to whoever waits longest and never "back to the pool" while
    somebody waits: pools that notify a waiter and let newcomers compete for it starve threads
    for ever (sqlalchemy#7679, asyncpg#1247, HikariCP#1909).
    """

    # --- joining ---------------------------------------------------------------------------

    def admit(self, waiter: Waiter, now: float) -> None:
        """A caller comes: it is served, queued, or refused; look at the waiter."""
        self.awaiting.add(waiter)
        refusal = self.refusal()
        if refusal is not None:
            self.refuse(waiter, refusal)
            return
        self.tickets += 1
        waiter.ticket = self.tickets if self.total is None else self.total.ticket()
        # Published before the idle stack is looked at: who returns a connection publishes it
        # before looking at the gate, so one of the two sees the other.
        self.line.join(waiter)
        self.gate = True
        self.settle(now)
        if not waiter.settled:
            self.shed(waiter)

    def readmit(self, waiter: Waiter, now: float) -> None:
        """What the waiter was given was bad, and is gone: it is the next to be served again."""
        self.awaiting.add(waiter)
        refusal = self.refusal()
        if refusal is not None:
            self.refuse(waiter, refusal)
            return
        self.line.rejoin(waiter)
        self.gate = True
        self.settle(now)

    # --- serving ---------------------------------------------------------------------------

    def settle(self, now: float) -> None:
        """Do everything that can be done now. Called after every change, and at every alarm."""
        # Looked at before they are called: most settle nothing, and everyone who waits is here.
        if self.opening or self.closing:
            self._write_off(now)
        if len(self.entries) > self.max_size:
            self._shrink(now)
        if self.closed:
            self._close_idle("closed", now)
            self.refuse_all(PoolClosedError(f"pool {self.name} is closed"))
        elif self.line and not self.paused:
            self._serve(now)
        if self.outdated or now >= self.next_look:
            self._look(now)
        if self.watchers:
            self._watch()
        self.regate()
        if self.line:
            self._set_alarm(now)
        if self.total is not None:
            self.total.settle_all(now)

    def _serve(self, now: float) -> None:
        while (head := self.line.head()) is not None:
            if head.deadline <= now and head.deadline > head.since:  # who tries waits for nobody
                self.expire(head, now)
                continue
            if self._grant_idle(head, now):
                continue
            if not self.may_open(head, now):
                break
            self._grant_room(head, now)
        if self.breaker.refuses(now) and not self.alive and self.line:
            self.refuse_all(self.resting(now))

    def _grant_idle(self, head: Waiter, now: float) -> bool:
        while self.draw() and self.drawn is not None:
            entry = self.drawn.entry
            reason = self.unfit(entry, now)
            if reason is None and self.total is not None and self.total.yields(self, head, now):
                reason = "made-room"
            if reason is None:
                # Only now: its thread may be awake, and takes what it sees without the lock.
                head.token, self.drawn = self.drawn, None
                self._served(head, now)
                return True
            self.doom(entry, reason, now)
            self.drawn = None
        return False

    def draw(self) -> bool:
        """Take an idle entry in hand; false when there is none."""
        if not self.idle:  # quicker than to fail
            return False
        if self.settings.reuse == "fifo":
            for token in list(self.idle):
                del self.idle[token]
                self.drawn = token
                return True
            return False
        try:
            self.drawn, _ = self.idle.popitem()
        except KeyError:  # none, or the fast path was quicker
            return False
        return True

    def unfit(self, entry: Entry, now: float) -> str | None:
        """Why an entry must not be lent any more; ``None`` when it may."""
        if entry.generation != self.generation:
            return "drained"
        return "expired" if now >= entry.expires else None

    def may_open(self, head: Waiter, now: float) -> bool:
        """Whether there is room for one more connection, and nobody else has an older claim."""
        return (
            len(self.entries) < self.max_size
            and len(self.opening) < self.settings.max_opening
            and self.breaker.allows(now, len(self.opening))
            and (self.total is None or self.total.make_room(self, head, now))
        )

    def _grant_room(self, head: Waiter, now: float) -> None:
        # The oldest waiter opens, in its own thread: it gets the real error, and no opener
        # thread can die or hang for all (HikariCP#2186, #2265).
        self.make_room_for(head, now)
        self._served(head, now)

    def make_room_for(self, waiter: Waiter, now: float) -> None:
        """Add an entry, for its waiter to open."""
        entry = Entry(self.generation, now)
        waiter.token = Token(entry, self._finder)  # first an owner, then a place
        self.entries[entry] = self.opening[entry] = entry

    def _served(self, waiter: Waiter, now: float) -> None:
        self.line.served(waiter)
        if self.pace is not None:
            self.pace.served(now, busy=bool(self.line))
        self.counters.count_wait(now - waiter.since)
        if self.listening:
            self.tell("granted", seconds=now - waiter.since)
        waiter.wake()

    # --- upkeep ----------------------------------------------------------------------------

    def vacate(self, entry: Entry, now: float) -> None:
        """A connection is closed: its room is free."""
        self.forget(entry, self.closing.get(entry))
        self.settle(now)

    def _write_off(self, now: float) -> None:
        """Give the room of what hangs to somebody else; an opening that comes late is closed."""
        patience = 2 * self.settings.open_timeout
        for entry in list(self.opening):
            if now < entry.born + patience:
                break
            self.forget(entry)
            self.counters.late += 1
        for entry in list(self.closing):
            if now < entry.taken + patience:
                break
            self.forget(entry, self.closing[entry])

    def _shrink(self, now: float) -> None:
        while self.usable > self.max_size and self.idle:
            for token in list(self.idle):
                self.doom_idle(token, "resized", now)
                break

    def _close_idle(self, reason: str, now: float) -> None:
        for token in list(self.idle):
            self.doom_idle(token, reason, now)

    def _look(self, now: float) -> None:
        """Close what was idle for too long, the oldest first, and note when to look again."""
        spare = self.usable - self.settings.min_idle
        next_look = now + self.settings.idle_timeout  # for those that are lent now
        for token in list(self.idle):
            entry = token.entry
            reason = self.unfit(entry, now)
            if reason is None and now >= entry.returned + self.settings.idle_timeout and spare > 0:
                reason = "idle"
            if reason is not None and self.doom_idle(token, reason, now):
                spare -= 1
            else:
                next_look = min(next_look, self.due(entry, now))
        self.next_look = next_look
        self.outdated = any(
            one.generation != self.generation for one in self.entries if not one.gone
        )

    def due(self, entry: Entry, now: float) -> float:
        """When an idle entry has to be looked at."""
        due = min(entry.expires, entry.returned + self.settings.idle_timeout)
        # One that is kept although it is due, for min_idle, is not looked at without end.
        return due if due > now else now + self.settings.idle_timeout

    def _watch(self) -> None:
        if self.quiet:
            for watcher in list(self.watchers):
                watcher.wake()

    def _set_alarm(self, now: float) -> None:
        """Have the head of the queue look again when time alone will change something.

        Without a thread of its own, a pool relies on those who wait.
        """
        if not self.opening and not self.closing and self.breaker.retry_at <= now:
            alarm = None
            if not self.alarmed:
                return
        else:
            alarm = self._alarm(now)
        self.alarmed = alarm is not None
        head = self.line.head()
        if head is not None and head.alarm != alarm:
            head.alarm = alarm
            head.wake()  # it sleeps until an alarm that no longer holds

    def _alarm(self, now: float) -> float | None:
        patience = 2 * self.settings.open_timeout
        times = [entry.born + patience for entry in list(self.opening)[:1]]
        times += [entry.taken + patience for entry in list(self.closing)[:1]]
        if self.breaker.retry_at > now and len(self.entries) < self.max_size:
            times.append(self.breaker.retry_at)
        return min(times, default=None)
