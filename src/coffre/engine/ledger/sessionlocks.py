"""Claims of a ledger on PostgreSQL: advisory locks of a session.

A claim borrows one connection until it is released; the server lets go of what a session holds
when the session ends, whether its process died or its machine did (noticed by keepalives, within
about a minute). Source: PostgreSQL documentation, "Explicit Locking", advisory locks.

- The number of a lock is computed by the server from the reference and from the identity of the
  ledger's own table, so that two ledgers in one database do not disturb each other.
- Each lock takes one place in the server's table of locks (``max_locks_per_transaction`` times
  ``max_connections`` places): a batch of 256 is 4 % of it by default.
- A connection pooler between coffre and the server must give each session a connection of its
  own: one that shares them between transactions gives locks to the wrong holder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from coffre.contract import ObjectRef
from coffre.engine.ledger.claims import Claim, Claims, busy

_TAKE = """SELECT ref FROM unnest(%s::text[]) AS ref
    WHERE NOT pg_try_advisory_lock(hashtextextended(ref, 'head'::regclass::oid::bigint))"""
_RELEASE = "SELECT pg_advisory_unlock_all()"
_IS_TAKEN = """SELECT EXISTS (
    SELECT FROM pg_locks,
        (SELECT hashtextextended(%s::text, 'head'::regclass::oid::bigint)) AS wanted (number)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32 | objid::bigint) = number)"""
"""The view shows the two halves of a number apart."""


class Session(Protocol):
    """What is used of a connection lent by SQLAlchemy's pool."""

    def cursor(self) -> Any:  # noqa: ANN401 - a cursor of psycopg, which may not be installed
        """A cursor of the database driver."""
        ...

    def invalidate(self) -> None:
        """Close the connection instead of lending it again."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


class SessionClaim(Claim):
    """One connection, and the locks its session holds."""

    __slots__ = ("_process", "_session")

    def __init__(self, session: Session) -> None:
        """Take over a connection with its locks."""
        self._session: Session | None = session
        self._process = os.getpid()

    def release(self) -> None:
        """See :meth:`Claim.release`. A session that cannot be asked any more is closed."""
        session, self._session = self._session, None
        if session is not None and self._process == os.getpid():
            _give_back(session)


class SessionClaims(Claims):
    """Claims on the references of one ledger on a server."""

    def __init__(
        self, lend: Callable[[], Session], translating: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Take claims through connections lent by a pool.

        Args:
            lend: lends one connection, which is in no transaction.
            translating: a block that lets no error of the database library out.
        """
        self._lend = lend
        self._translating = translating

    def take(self, refs: Iterable[ObjectRef]) -> Claim:
        """See :meth:`Claims.take`."""
        by_text = {str(ref): ref for ref in refs}
        with self._translating():
            session = self._lend()
            try:
                refused = session.cursor().execute(_TAKE, (list(by_text),)).fetchone()
            except BaseException:
                _give_back(session)
                raise
        claim = SessionClaim(session)
        if refused is not None:
            claim.release()
            raise busy(by_text[refused[0]])
        return claim

    def is_taken(self, ref: ObjectRef) -> bool:
        """See :meth:`Claims.is_taken`."""
        with self._translating():
            session = self._lend()
            try:
                (taken,) = session.cursor().execute(_IS_TAKEN, (str(ref),)).fetchone()
            finally:
                session.close()
            return bool(taken)


def _give_back(session: Session) -> None:
    """Return a connection whose session holds nothing any more, or close it."""
    try:
        session.cursor().execute(_RELEASE)
    except Exception:  # noqa: BLE001 - a session that is gone holds nothing
        session.invalidate()
    finally:
        session.close()
