"""The asyncio face: tasks borrow from the same pool as threads, and wait in the same queue.

Connections are synchronous, as the contract is. What may take time (opening, probing,
resetting, closing) is done in a thread of the loop's executor, so the loop never waits.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from sys import _getframe
from types import CodeType, TracebackType

from coffre.contract import Connection
from coffre.pool.core import PoolCore
from coffre.pool.deadlock import GRAPH
from coffre.pool.entries import Holder, LostToken, Token, Waiter
from coffre.pool.errors import LeaseReturnedError
from coffre.pool.lease import Lease
from coffre.pool.settings import DEFAULT, Lane, Timeout
from coffre.pool.threads import ConnectionPool


def _how_to_tell_tasks() -> Callable[[], Holder | None]:
    """Who runs, asked in the quickest way there is.

    Until Python 3.12, ``asyncio.current_task`` is slow: what it looks at is asked directly.
    """
    current = getattr(asyncio.tasks, "_current_tasks", None)
    if sys.version_info >= (3, 12) or not isinstance(current, dict):
        return asyncio.current_task
    find, running = current.get, asyncio.get_running_loop
    return lambda: find(running())


running_task = _how_to_tell_tasks()
"""The task that runs."""


class TaskWaiter(Waiter):
    """One task in the queue; woken from any thread."""

    __slots__ = ("_bell", "_loop", "abandoned", "at_work")

    def __init__(self, since: float, deadline: float, lane: Lane, holder: Holder | None) -> None:
        """Ready to sleep, in the running loop."""
        super().__init__(since, deadline, lane, holder)
        self._loop = asyncio.get_running_loop()
        self._bell: asyncio.Future[None] = self._loop.create_future()
        self.at_work = False
        """Another thread opens or looks for it; guarded by the pool's lock."""
        self.abandoned = False
        """Its task was cancelled meanwhile; guarded by the pool's lock."""

    def wake(self) -> None:
        """Ring, from whatever thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody is there to be woken
            self._loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        if not self._bell.done():
            self._bell.set_result(None)

    async def sleep(self, now: float) -> None:
        """Wait to be woken, no longer than to the deadline or to the alarm."""
        until = self.deadline if self.alarm is None else min(self.deadline, self.alarm)
        timer = None
        if until < float("inf"):
            timer = self._loop.call_later(max(until - now, 0.0), self._ring)
        try:
            await self._bell
        finally:
            if timer is not None:
                timer.cancel()
        self._bell = self._loop.create_future()


class AsyncConnectionPool:
    """Lends the connections of a :class:`ConnectionPool` to tasks."""

    def __init__(self, pool: ConnectionPool) -> None:
        """Another face of a pool, which goes on serving threads as well."""
        self.pool = pool
        self.now: Callable[[], float] = pool.now
        self.look_after = pool.look_after

    @property
    def core(self) -> PoolCore:
        """The rules, shared with the thread face."""
        return self.pool.core

    def lease(self, *, timeout: Timeout = DEFAULT, lane: Lane = Lane.NORMAL) -> AsyncLoan:
        """Borrow: ``async with pool.lease() as connection``, or ``await pool.lease()``.

        Raises:
            PoolError, OfferError: as :meth:`ConnectionPool.lease` says, when it is awaited.
        """
        frame = _getframe(1)
        loan = AsyncLoan()
        loan.pool = self
        loan.begun = loan.marked = False
        loan.code = frame.f_code
        loan.instruction = frame.f_lasti
        if timeout is not DEFAULT:
            loan.timeout = timeout
        if lane is not Lane.NORMAL:
            loan.lane = lane
        return loan

    async def borrow(self, loan: AsyncLoan) -> None:
        """Wait for a connection, and put it into a loan; see :meth:`lease`."""
        now = self.now()
        deadline = now + self.pool.patience(loan.timeout)
        if loan.token is None and self.core.pace is not None:
            self.pool.shed(loan.lane, now, deadline)
        waiter = TaskWaiter(now, deadline, loan.lane, running_task())
        try:
            if loan.token is not None:  # taken without waiting, but not to be lent unseen
                waiter.token, loan.token = loan.token, None
            else:
                self._change(self.core.admit, waiter, now)
            token = await self._served(waiter)
            self.pool.note_loan(token.entry, waiter.holder, loan.code, loan.instruction)
            loan.token, waiter.token = token, None
        except BaseException as error:
            # A cancellation always wins, whatever was granted meanwhile (psycopg#1275, #1401).
            if error is not waiter.refusal and waiter in self.core.awaiting:
                self._change(self.core.give_up, waiter, self.now())
            self.core.awaiting.pop(waiter, None)
            waiter.refusal = None  # no circle for the collector; see Borrowing
            raise
        self.core.awaiting.pop(waiter, None)

    async def _served(self, waiter: TaskWaiter) -> Token:
        while True:
            await self._wait(waiter)
            if waiter.refusal is not None:
                raise self.pool.named(waiter.refusal)
            token = waiter.token
            if token is None:
                continue
            if not self.pool.needs_work(token.entry, self.now()):
                return token
            if await self._work(waiter, token):
                return token

    async def _wait(self, waiter: TaskWaiter) -> None:
        if waiter.settled:
            return
        try:
            if waiter.deadline > waiter.since:
                self.pool.check_deadlock(waiter)
            while not waiter.settled:
                await self._sleep(waiter)
        finally:
            GRAPH.end(waiter)

    async def _sleep(self, waiter: TaskWaiter) -> None:
        now = self.now()
        if now >= waiter.deadline:
            self._change(self.core.time_out, waiter, now)
        elif self.pool.unfinished or (waiter.alarm is not None and now >= waiter.alarm):
            waiter.alarm = None
            self._change(self.core.settle, now)
        else:
            await waiter.sleep(now)

    async def _work(self, waiter: TaskWaiter, token: Token) -> bool:
        """Open or look, in another thread. Who is cancelled leaves what comes of it to the next."""
        waiter.at_work = True
        job = asyncio.get_running_loop().run_in_executor(None, self._job, waiter, token)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            # The thread goes on; the place stays taken until it has come back.
            self.core.awaiting.pop(waiter, None)
            self._change(self._abandon, waiter)
            job.add_done_callback(_ignore)
            raise

    def _job(self, waiter: TaskWaiter, token: Token) -> bool:
        """In the other thread. The loop may be over when it ends, so it tidies up by itself."""
        try:
            return self.pool.work(waiter, token)
        finally:
            self.pool.change(self._job_over, waiter)

    def _job_over(self, waiter: TaskWaiter) -> None:
        waiter.at_work = False
        if waiter.abandoned:
            self.core.give_up(waiter, self.now())

    def _abandon(self, waiter: TaskWaiter) -> None:
        waiter.abandoned = True
        if not waiter.at_work:
            self.core.give_up(waiter, self.now())

    # --- what a lease needs ------------------------------------------------------------------

    def _change(self, operation: Callable[..., object], *given: object) -> None:
        try:
            self.pool.change_only(operation, *given)
        finally:
            if self.pool.unfinished or self.core.events:
                self._elsewhere(self.pool.finish)

    @staticmethod
    def _elsewhere(work: Callable[[], object]) -> None:
        try:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, work)
        except RuntimeError:  # the loop is over: a finaliser, or another thread
            work()

    def settle(self) -> None:
        """Serve who can be served; what is to be closed is closed in another thread."""
        if self.pool.is_inside():
            self.pool.settle()
        else:
            self._change(self.core.settle, self.now())

    def take_back(self, lease: Lease, token: Token) -> None:
        """A connection comes back that may not simply become idle; reset in another thread."""
        if self.pool.is_inside():
            self.note(lease.moved(self.pool))
        elif lease.dirty:
            # The lease is over for its borrower; its stand-in brings the connection home.
            self._elsewhere(lease.moved(self.pool).close)
        else:
            self._change(self.pool.take_back_only, lease, token)

    def note(self, note: LostToken | Lease) -> None:
        """As the pool does."""
        self.pool.note(note)

    async def close(self, *, timeout: Timeout = DEFAULT, force: bool = False) -> None:
        """Close the pool, for threads too; see :meth:`ConnectionPool.close`."""
        await asyncio.to_thread(self.pool.close, timeout=timeout, force=force)

    def __repr__(self) -> str:
        """The pool's own."""
        return f"<Async {self.pool!r}>"


def _ignore(job: asyncio.Future[bool]) -> None:
    """Nobody else will ask what came of it."""
    if not job.cancelled():
        job.exception()


class AsyncLoan(Lease):
    """A lease that begins when it is awaited or entered.

    The same object before and after: a task that has to wait for nothing is lent a connection
    without a coroutine, a waiter or a lock, as a thread is.
    """

    pool: AsyncConnectionPool
    code: CodeType
    instruction: int
    timeout: Timeout = DEFAULT
    lane = Lane.NORMAL
    begun = False

    def __await__(self) -> Generator[object, None, Lease]:
        """The lease; close it.

        Raises:
            LeaseReturnedError: it was awaited before.
        """
        if not self._begin():
            yield from self.pool.borrow(self).__await__()
        return self

    def _begin(self) -> bool:
        """Take what is idle, if nobody waits; false when it has to be waited for."""
        if self.begun:
            raise LeaseReturnedError("a lease begins once: ask the pool for another")
        self.begun = True
        pool = self.pool.pool
        return self.take(pool, pool.core, running_task(), self.code, self.instruction)

    async def __aenter__(self) -> Connection:
        """Borrow the connection; it is given back on leaving."""
        if not self._begin():
            await self.pool.borrow(self)
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back. Never waits, so that no cancellation can interrupt it."""
        if self.token is not None:
            self.close()
