"""Fakes for the tests of the pool: connections that obey, a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from coffre.contract import Connection
from coffre.pool.core import PoolCore
from coffre.pool.entries import Token, Waiter
from coffre.pool.lease import Lease
from coffre.pool.settings import Lane, PoolSettings
from coffre.pool.threads import ConnectionPool
from coffre.pool.total import Total
from coffre.testing import FakeClock

FOREVER = float("inf")


class FakeConnection:
    """As much of a connection as a pool cares for. Healthy, until a test says otherwise."""

    def __init__(self) -> None:
        self.healthy: bool | BaseException = True
        self.answers: bool | BaseException = True
        self.resets: bool | BaseException = True
        self.closings = 0
        self.abandoned = 0
        self.probed: list[float] = []
        self.looks = 0
        self.reset_count = 0

    @property
    def gone(self) -> bool:
        return self.closings + self.abandoned > 0

    def is_healthy(self) -> bool:
        self.looks += 1
        return said(self.healthy)

    def probe(self, timeout: float) -> bool:
        self.probed.append(timeout)
        return said(self.answers)

    def reset(self) -> None:
        self.reset_count += 1
        if not said(self.resets):
            raise ConnectionError("not reset")

    def abandon(self) -> None:
        self.abandoned += 1

    def close(self) -> None:
        self.closings += 1


def said(outcome: bool | BaseException) -> bool:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


class FakeService:
    """Opens fake connections, or fails as it is told to."""

    def __init__(self) -> None:
        self.made: list[FakeConnection] = []
        self.failures: list[BaseException] = []
        self.attempts = 0
        self.during: Callable[[], object] = lambda: None

    def __call__(self) -> Connection:
        self.attempts += 1
        self.during()
        if self.failures:
            raise self.failures.pop(0)
        self.made.append(FakeConnection())
        return cast(Connection, self.made[-1])

    @property
    def alive(self) -> int:
        return sum(not connection.gone for connection in self.made)


class PoolUnderTest:
    """A pool on a fake service and a fake clock."""

    def __init__(self, **settings: object) -> None:
        self.clock = FakeClock()
        self.service = FakeService()
        self.pool = ConnectionPool(
            self.service,
            PoolSettings(**settings),  # type: ignore[arg-type]
            clock=self.clock,
            chance=lambda: 1.0,
        )


def fake(lease: Lease) -> FakeConnection:
    """The fake behind a lease."""
    return cast(FakeConnection, lease.connection)


def same(connection: Connection) -> FakeConnection:
    """The fake that a test was lent."""
    return cast(FakeConnection, connection)


def core_of(**settings: object) -> PoolCore:
    """A core without a face."""
    total = settings.pop("total", None)
    return PoolCore(
        "test",
        PoolSettings(**settings),  # type: ignore[arg-type]
        chance=lambda: 1.0,
        total=cast("Total | None", total),
    )


def ask(
    core: PoolCore, now: float = 0.0, *, deadline: float = FOREVER, lane: Lane = Lane.NORMAL
) -> Waiter:
    """Somebody comes."""
    waiter = Waiter(now, deadline, lane, None)
    core.admit(waiter, now)
    return waiter


def open_for(core: PoolCore, waiter: Waiter, now: float = 0.0) -> Token:
    """The waiter was told to open, and does."""
    token = waiter.token
    assert token is not None, "it was not told to open"
    assert token.entry.connection is None, "it was given a connection"
    assert core.opened(token.entry, cast(Connection, FakeConnection()), now)
    return collect(core, waiter)


def collect(core: PoolCore, waiter: Waiter) -> Token:
    """The waiter takes what it was given."""
    token = waiter.token
    assert token is not None, "it was given nothing"
    waiter.token = None
    core.awaiting.pop(waiter, None)
    token.entry.uses += 1
    return token


def give_back(core: PoolCore, token: Token, now: float = 0.0, trouble: str | None = None) -> None:
    """A loan is over."""
    if core.give_back(token.entry, now, trouble=trouble):
        core.idle[token] = None
        core.settle(now)


def make_hopeless(pool: ConnectionPool) -> None:
    """Somebody waits already, and turns take a minute each."""
    ask(pool.core, pool.now())
    assert pool.core.pace is not None
    for turn in range(20):
        pool.core.pace.served(60.0 * turn, busy=True)
    pool.core.pace.served(60.0 * 20, busy=False)


def close_doomed(*cores: PoolCore, now: float = 0.0) -> list[str]:
    """What is not lent any more is closed; says why it was, in order."""
    reasons = []
    for core in cores:
        while core.doomed:
            entry, reason = core.doomed.popitem()
            core.vacate(entry, now)
            reasons.append(reason)
    return reasons


def fill(core: PoolCore, count: int, now: float = 0.0) -> list[Token]:
    """Lend so many fresh connections."""
    return [open_for(core, ask(core, now), now) for _ in range(count)]
