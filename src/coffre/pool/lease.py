"""A lease: one connection, lent to one caller, until it is given back."""

from __future__ import annotations

from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Protocol

from coffre.contract import Connection
from coffre.pool.entries import Holder, LostToken, Token
from coffre.pool.errors import LeaseForkedError, LeaseReturnedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from coffre.pool.core import PoolCore


class Lender(Protocol):
    """What a lease needs of the face that lent it."""

    now: Callable[[], float]
    look_after: float

    @property
    def core(self) -> PoolCore:
        """The rules."""
        ...

    def settle(self) -> None:
        """Serve who can be served."""
        ...

    def take_back(self, lease: Lease, token: Token) -> None:
        """A connection comes back that may not simply become idle."""
        ...

    def note(self, note: LostToken | Lease) -> None:
        """Leave a lease to be given back by the next one who comes by."""
        ...


class Lease:
    """A connection on loan. A context manager that gives the connection.

    Afterwards it is unusable, and so is everything that was reached through it. One that is
    dropped without being given back loses its token, and so its place is free again; its
    connection is closed, since nobody knows in what state it is, and a leak is reported.
    """

    # No __slots__ and no __init__: attributes with defaults make the object in a fifth of the
    # time of a call to __init__, and this is the fast path.
    token: Token | None = None
    pool: Lender
    trouble: str | None = None
    dirty = False
    marked = False
    """Discarded or dirty: one thing to look at on the fast path, where there are two."""

    # --- the fast path, of every face: taking what is idle, and giving it back -------------------

    def take(
        self, pool: Lender, core: PoolCore, holder: Holder, code: CodeType, instruction: int
    ) -> bool:
        """Borrow a connection that is idle, if nobody waits, without a lock.

        Returns:
            False when that cannot be: the face asks the rules. One that must not be lent unseen
            was taken then, if there is a token.
        """
        if not core.gate:
            try:
                self.token, _ = core.idle.popitem()
                entry = self.token.entry
                clock = pool.now  # not `pool.now()`: a method is looked up in another, slower way
                now = clock()
                if now < entry.fresh_until and entry.generation == core.generation:
                    entry.holder = holder
                    entry.taken = now
                    entry.code = code
                    entry.instruction = instruction
                    entry.uses += 1
                    return True
            except KeyError:  # nothing is idle
                pass
            except BaseException:
                self._undo(pool, core)
                raise
        return False

    def _undo(self, pool: Lender, core: PoolCore) -> None:
        """An interrupted loan: what was taken becomes idle again."""
        token = self.token
        if token is not None:
            token.entry.holder = token.entry.code = None
            core.idle[token] = self.token = None
            pool.settle()

    def close(self) -> None:
        """Give the connection back.

        Raises:
            LeaseReturnedError: it was given back before; nothing changes.
        """
        token = self.token
        if token is None:
            raise LeaseReturnedError("this lease was given back before")
        entry = token.entry
        pool = self.pool
        core = pool.core
        clock = pool.now  # as in `take`
        now = clock()
        if now >= entry.expires or self.marked:
            pool.take_back(self, token)
            return
        fresh = now + pool.look_after
        # Not min(): this is the fast path.
        entry.fresh_until = fresh if fresh < entry.expires else entry.expires  # noqa: FURB136
        entry.returned = now
        entry.holder = entry.code = None
        try:
            core.idle[token] = self.token = None  # one assignment: see PoolState.idle
            # Looked at after the connection was published: a drain in between sees it, or is seen.
            if core.gate or now >= core.next_look or entry.generation != core.generation:
                pool.settle()
        except BaseException:
            pool.settle()  # somebody may be waiting for it
            raise

    # --- the loan ------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection:
        """The connection.

        Raises:
            LeaseReturnedError: the lease is over.
            LeaseForkedError: it was taken by the process that this one was forked from.
        """
        token = self.token
        if token is None:
            raise LeaseReturnedError("this lease was given back: take another")
        connection = token.entry.connection
        if token.entry.foreign or connection is None:
            raise LeaseForkedError(
                "this connection belongs to the process that forked this one: lease another"
            )
        return connection

    @property
    def returned(self) -> bool:
        """Whether it is over."""
        return self.token is None

    def discard(self, reason: str = "broken") -> None:
        """The connection must not be lent again: it is closed when the lease is given back."""
        self.trouble = reason
        self.marked = True

    def mark_dirty(self) -> None:
        """The session was left in the middle of something: it is reset before it is lent again."""
        self.dirty = True
        self.marked = True

    def used(self) -> None:
        """Note that it is in use: what is used is not a leak, however long it takes."""
        if self.token is not None:
            self.token.entry.taken = self.pool.now()

    def hand_over(self, holder: Holder | None = None) -> None:
        """Somebody else may give it back: who waits is not deadlocked with its borrower."""
        if self.token is not None:
            self.token.entry.holder = holder

    def leave(self) -> None:
        """Have the next one who comes by give it back. Of a finaliser: takes no lock, no time."""
        if self.token is not None:
            self.pool.note(self.moved(self.pool))

    def moved(self, pool: Lender) -> Lease:
        """The same loan of the same connection; this one is over."""
        other = Lease()
        other.pool = pool
        other.trouble, other.dirty, other.marked = self.trouble, self.dirty, self.marked
        other.token, self.token = self.token, None
        return other

    def __enter__(self) -> Connection:
        """Use the connection; it is given back on leaving."""
        token = self.token
        if token is not None and not token.entry.foreign:  # as `connection`, without the call
            connection = token.entry.connection
            if connection is not None:
                return connection
        return self.connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the connection back."""
        if self.token is not None:
            self.close()
