"""Rules taken out one by one: each is a text in a function, and what it is replaced by."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import cast

from coffre.pool.base import PoolBase
from coffre.pool.borrowing import Borrowing
from coffre.pool.breaker import Breaker
from coffre.pool.core import PoolCore
from coffre.pool.deadlock import WaitGraph
from coffre.pool.lease import Lease
from coffre.pool.line import Line
from coffre.pool.looking import Looking
from coffre.pool.opening import Opening
from coffre.pool.pace import Pace
from coffre.pool.refusing import Refusing
from coffre.pool.serving import Serving
from coffre.pool.state import PoolState
from coffre.pool.total import Total


@dataclass(frozen=True)
class Mutant:
    """A rule, where it stands, and the code without it."""

    rule: str
    owner: type
    method: str
    text: str
    instead: str = "pass"

    @contextmanager
    def loose(self) -> Iterator[None]:
        """Without the rule."""
        original = inspect.getattr_static(self.owner, self.method)
        function = cast(FunctionType, original)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.text) == 1, f"{self.rule}: not found once: {self.text!r}"
        space = dict(vars(sys.modules[function.__module__]))
        mutated = source.replace(self.text, self.instead)
        exec(compile("from __future__ import annotations\n" + mutated, "<mutant>", "exec"), space)
        setattr(self.owner, self.method, space[self.method])
        try:
            yield
        finally:
            setattr(self.owner, self.method, original)


MUTANTS = [
    # the queue
    Mutant(
        "waiters are served in order", Line, "head", "next(iter(normal)", "next(reversed(normal)"
    ),
    Mutant("the gate is shut before looking", Serving, "admit", "self.gate = True"),
    Mutant("a newcomer joins the queue", Serving, "admit", "self.line.join", "self.line.rejoin"),
    Mutant("the bad one's owner is next", Serving, "readmit", "self.line.rejoin", "self.line.join"),
    Mutant("lower lanes get a turn", Line, "_next_lane", "MOST_BYPASSES", "99"),
    Mutant("bypasses are counted", Line, "served", "self._bypassed[lower] += 1"),
    Mutant("a turn ends the bypassing", Line, "served", "self._bypassed[waiter.lane] = 0"),
    Mutant("who is gone leaves the line", PoolCore, "give_up", "self.line.leave(waiter)"),
    Mutant(
        "a wait has one end",
        PoolCore,
        "give_up",
        "self.discount_refusal(waiter.refusal)",
    ),
    Mutant("what the gone had goes on", PoolCore, "give_up", "self.settle(now)"),
    Mutant("room the gone had is free", PoolCore, "_let_go", "self.forget(entry)"),
    Mutant("a late timeout is none", PoolCore, "time_out", "waiter.settled", "False"),
    Mutant(
        "only a fresh cause is told",
        Refusing,
        "expire",
        "self.breaker.failed_at >= waiter.since",
        "True",
    ),
    Mutant("a refused one leaves the line", Refusing, "refuse", "self.line.leave(waiter)"),
    Mutant("the queue is bounded", Refusing, "shed", "len(self.line) > most", "False"),
    Mutant(
        "the bound is not one less",
        Refusing,
        "shed",
        "len(self.line) > most",
        "len(self.line) >= most",
    ),
    Mutant("hopeless ones are refused", Refusing, "hopeless", "<= deadline", "<= 1e9"),
    Mutant("hopeful ones are not", Refusing, "hopeless", "<= deadline", "< 0"),
    Mutant("who need not wait is not", Refusing, "hopeless", "or not self.line", "or False"),
    Mutant("only those before one count", Line, "before", "[: lane + 1]", "[:]"),
    Mutant("a pace has to be known", Pace, "served", ">= FEWEST", ">= 1"),
    Mutant("a halt is noticed", Pace, "wait", "(now - last) / WINDOW", "0.0"),
    Mutant("an empty queue is no halt", Pace, "served", "now if busy else None", "now"),
    Mutant("expired ones are passed", Serving, "_serve", "self.expire(head, now)\n", "break\n"),
    Mutant("who tries is served", Serving, "_serve", "and head.deadline > head.since", ""),
    # sizes
    Mutant("the maximum holds", Serving, "may_open", "len(self.entries) < self.max_size", "True"),
    Mutant(
        "openings are bounded",
        Serving,
        "may_open",
        "len(self.opening) < self.settings.max_opening",
        "True",
    ),
    Mutant("growing serves", PoolCore, "resize", "self.settle(now)"),
    Mutant("shrinking closes", Serving, "_shrink", "self.idle:", "False:"),
    Mutant("a debt shuts the gate", PoolState, "regate", "self.usable > self.max_size", "False"),
    Mutant("a queue shuts the gate", PoolState, "regate", "or self.line", "or False"),
    Mutant("a pause shuts the gate", PoolState, "regate", "or self.paused", "or False"),
    Mutant(
        "the closed keep their room",
        PoolState,
        "doom",
        "self.doomed[entry] = self.closing[entry] = reason",
        "self.doomed[entry] = reason; self.forget(entry, reason)",
    ),
    Mutant("who has closed says so", Serving, "vacate", "self.settle(now)"),
    Mutant(
        "a hanging closing is written off",
        Serving,
        "_write_off",
        "self.forget(entry, self.closing[entry])",
    ),
    Mutant(
        "the head is told of hanging closings",
        Serving,
        "_alarm",
        "times += [entry.taken + patience for entry in list(self.closing)[:1]]",
    ),
    Mutant("a closing ends waits", PoolState, "doom", "entry.holder = None"),
    # age and health
    Mutant("old ones are not lent", Serving, "unfit", "now >= entry.expires", "False"),
    Mutant("life is cut by chance", PoolCore, "opened", "0.75 + 0.25 * self.chance()", "1.0"),
    Mutant("old ones are closed on return", Lease, "close", "now >= entry.expires or", "False or"),
    Mutant("idle ones are closed", Serving, "_look", 'reason = "idle"', "reason = None"),
    Mutant("some are kept ready", Serving, "_look", "and spare > 0", "and True"),
    Mutant("idleness is noticed", Lease, "close", "now >= core.next_look", "False"),
    Mutant(
        "fresh ones are not looked at",
        PoolCore,
        "give_back",
        "entry.expires, now + self.settings.look_after",
        "float('-inf'), 0.0",
    ),
    Mutant("idle ones are looked at", Lease, "take", "now < entry.fresh_until", "True"),
    Mutant(
        "long idle ones are probed",
        Opening,
        "_looks_good",
        "idle >= self.settings.probe_after",
        "False",
    ),
    Mutant(
        "a probe has the caller's time",
        Opening,
        "_looks_good",
        "min(self.settings.probe_timeout, left)",
        "5.0",
    ),
    Mutant("suspects are probed", Opening, "_looks_good", "suspect or", "False or"),
    Mutant("suspicion spoils freshness", PoolCore, "suspect", "token.entry.fresh_until = NEVER"),
    Mutant(
        "a loss raises suspicion", Borrowing, "take_back_only", 'lease.trouble == "lost"', "False"
    ),
    Mutant("trouble is not lent again", PoolCore, "give_back", "trouble or", "None or"),
    Mutant("dirty ones are reset", Borrowing, "take_back", "if lease.dirty and", "if False and"),
    Mutant(
        "a failed reset discards", Borrowing, "take_back", 'None if good else "not-reset"', "None"
    ),
    Mutant("dirt takes the slow way", Lease, "mark_dirty", "self.marked = True"),
    Mutant("fifo is fifo", Serving, "draw", '== "fifo"', '== ""'),
    # opening and failing
    Mutant(
        "a failed opening frees its room", PoolCore, "open_failed", "self._let_go(waiter, entry)"
    ),
    Mutant("mistakes do not count", PoolCore, "open_failed", "blames_service(error)", "True"),
    Mutant("failures count", PoolCore, "open_failed", "self.breaker.failed(now, error)"),
    Mutant("pauses grow", Breaker, "failed", "self.failures - 1", "0"),
    Mutant("pauses are kept", Breaker, "allows", "now < self.retry_at", "False"),
    Mutant("half-open is one at a time", Breaker, "allows", "opening == 0", "True"),
    Mutant(
        "several failures open it",
        Breaker,
        "failed",
        "self.failures >= self._settings.failure_budget",
        "False",
    ),
    Mutant("rests grow", Breaker, "_rest", "self._rests += 1"),
    Mutant("success closes it", Breaker, "succeeded", "self.resting = False"),
    Mutant("an open breaker refuses", Breaker, "refuses", "self.resting and", "False and"),
    Mutant("it spares who can be served", Serving, "_serve", "not self.alive and", "True and"),
    Mutant("a hanging opening is written off", Serving, "_write_off", "self.forget(entry)"),
    Mutant(
        "a late one is closed", PoolCore, "opened", "if entry not in self.entries:", "if False:"
    ),
    Mutant("the head has an alarm", Serving, "_set_alarm", "head.alarm = alarm"),
    # governing
    Mutant(
        "a pause holds", Serving, "settle", "elif self.line and not self.paused:", "elif self.line:"
    ),
    Mutant("a pause shuts the fast path", PoolCore, "pause", "self.gate = True"),
    Mutant("resuming serves", PoolCore, "resume", "self.settle(now)"),
    Mutant(
        "a pause can refuse", Refusing, "refusal", "self.paused and self.pause_refuses", "False"
    ),
    Mutant("draining closes idle ones", PoolCore, "drain", "self.outdated = True"),
    Mutant("draining makes a generation", PoolCore, "drain", "self.generation += 1"),
    Mutant(
        "the old are not lent", Serving, "unfit", "entry.generation != self.generation", "False"
    ),
    Mutant("a return sees a drain", Lease, "close", "or entry.generation != core.generation", ""),
    Mutant(
        "closing refuses waiters",
        Serving,
        "settle",
        'self.refuse_all(PoolClosedError(f"pool {self.name} is closed"))',
    ),
    Mutant("closing closes idle ones", Serving, "settle", 'self._close_idle("closed", now)'),
    Mutant(
        "closed is closed on return", PoolCore, "give_back", '"closed" if self.closed else ', ""
    ),
    Mutant("the abandoned stay so", PoolState, "doom", "if entry.gone:", "if False:"),
    Mutant("everyone sees the quiet", Serving, "_watch", "list(self.watchers)", "self.watchers"),
    # leases
    Mutant("a lease ends once", Lease, "close", "if token is None:", "if False:"),
    Mutant("a lost token is found", PoolBase, "note", "self._notes.append(note)"),
    Mutant("a return serves who waits", Lease, "close", "core.gate or", "False or"),
    Mutant(
        "uses of the closed count", PoolState, "forget", "self.counters.retired_uses += entry.uses"
    ),
    Mutant("who tries does not wait", Borrowing, "_wait", "waiter.deadline > waiter.since", "True"),
    Mutant("a negative patience is none", Borrowing, "patience", "not timeout >= 0", "False"),
    # deadlocks
    Mutant("a knot is found", WaitGraph, "wait", "return self._knot(waiter.holder)", "return None"),
    Mutant(
        "the unknown can go on",
        Looking,
        "blockers",
        "return None if None in holders else",
        "return",
    ),
    # several pools
    Mutant("the total holds", Total, "make_room", "self.count >= self.max_total", "False"),
    Mutant(
        "one makes room for one",
        Total,
        "make_room",
        "self.count - self.closing < self.max_total",
        "False",
    ),
    Mutant("the oldest idle one goes", Total, "_longest_idle", "return min(", "return max("),
    Mutant("the oldest claim is first", Total, "_older_claim", "< head.ticket", "< 0"),
    Mutant("other pools see it", Total, "_starve", "pool.gate = True"),
    # interruptions
    Mutant(
        "repairing ends what was half thrown away",
        PoolState,
        "repair",
        "self.closing[entry] = self.doomed[entry]",
    ),
    Mutant(
        "repairing forgets the gone",
        PoolState,
        "repair",
        "if entry.gone and entry not in self.closing]",
        "if False]",
    ),
    Mutant(
        "repairing keeps what is being closed",
        PoolState,
        "repair",
        "if entry.gone and entry not in self.closing]",
        "if entry.gone]",
    ),
    Mutant("repairing takes the served out", PoolState, "_repair", "self.line.leave(waiter)"),
]
