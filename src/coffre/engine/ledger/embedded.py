"""The embedded ledger: one SQLite file, shared by the threads and processes of one machine.

What is relied on (https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html):

- ``journal_mode=WAL``: readers never wait for a writer. It needs memory shared between the
  processes, so the file must be on a local disk; PostgreSQL is for several machines.
- ``synchronous=FULL``: a commit waits for the device.
- Writers of this process line up on a lock. SQLite would have them poll with growing pauses,
  which is right between processes and wasteful between threads.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import cast

from sqlalchemy import URL, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from coffre.contract import Clock
from coffre.engine.ledger.claims import Claims
from coffre.engine.ledger.database import Compiler, Database, Transaction
from coffre.engine.ledger.errors import LedgerDamagedError, LedgerError, LedgerLockedError

CHECKPOINT_PAGES = 8192
"""Pages (4 KiB each) in the write-ahead log before it is folded into the database."""
LOG_BYTES_KEPT = 64 * 1024 * 1024
"""The write-ahead log is reused, not cut: writing over what is there spares the device the
update of the file's length on each commit."""
_CACHE_KIB = 16 * 1024
_RETRY_PAUSE_S = 0.02


class EmbeddedDatabase(Database):
    """One SQLite file."""

    def __init__(self, path: str, *, busy_timeout_s: float, clock: Clock) -> None:
        """Open the file, making it when there is none.

        Args:
            path: the file; its folder must exist.
            busy_timeout_s: how long to wait for other writers, in seconds.
            clock: for the pauses between two attempts.

        Raises:
            LedgerError: it cannot be opened or written; the message says what to do.
            LedgerLockedError: another process keeps it.
        """
        self.place = path
        self._timeout_s = busy_timeout_s
        self.claims = claims_beside(path)
        self._lock = threading.Lock()
        self._engine = create_engine(
            URL.create("sqlite", database=path),
            connect_args={
                "timeout": busy_timeout_s,
                "isolation_level": None,  # transactions begin and end where we say
                "check_same_thread": False,  # one thread at a time: the pool and the lock see to it
                "cached_statements": 256,
            },
            poolclass=QueuePool,
            max_overflow=-1,
            pool_reset_on_return=None,  # each block ends its own transaction
        )
        event.listen(self._engine, "connect", _set_up)
        self._compiler = Compiler(self._engine.dialect)
        self._open: list[sqlite3.Connection] = []
        try:
            with self._translating():
                self._use_write_ahead_log(clock)
                self._recorder = self._connect()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """See :meth:`Database.reading`."""
        with self._translating():
            pooled = self._engine.raw_connection()
            try:
                connection = cast(sqlite3.Connection, pooled.driver_connection)
                with closing(connection.cursor()) as cursor:
                    cursor.execute("BEGIN")
                    try:
                        yield Transaction(cursor, self._compiler)
                    finally:
                        connection.rollback()
            finally:
                pooled.close()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """See :meth:`Database.writing`."""
        with self._translating(), self._turn(), _immediate(self._recorder) as cursor:
            yield Transaction(cursor, self._compiler)

    @contextmanager
    def administering(self) -> Iterator[Connection]:
        """See :meth:`Database.administering`."""
        with self._translating(), self._turn(), self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def close(self) -> None:
        """See :meth:`Database.close`. The last to leave folds the write-ahead log in."""
        while self._open:
            self._open.pop().close()
        self._engine.dispose()

    def _connect(self) -> sqlite3.Connection:
        """A connection of our own, outside the pool."""
        pooled = self._engine.raw_connection()
        connection = cast(sqlite3.Connection, pooled.driver_connection)
        pooled.detach()
        self._open.append(connection)
        return connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the other writers of this process."""
        if not self._lock.acquire(timeout=self._timeout_s):
            raise self._locked()
        try:
            yield
        finally:
            self._lock.release()

    def _use_write_ahead_log(self, clock: Clock) -> None:
        """Switch the file to its write-ahead log, once for its life.

        SQLite does not wait for others when it switches, so that is done here.
        """
        deadline = clock.monotonic() + self._timeout_s
        while True:
            try:
                with closing(sqlite3.connect(self.place, timeout=self._timeout_s)) as connection:
                    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
                break
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or clock.monotonic() > deadline:
                    raise
                clock.sleep(_RETRY_PAUSE_S)
        if mode != "wal":
            raise LedgerError(
                f"the ledger {self.place} is on a file system that cannot hold it safely (no "
                "shared memory); put it on a local disk, or use PostgreSQL"
            )

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Let no error of the database library out of this room."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._translated(error) from error
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error):
                raise self._translated(error.orig) from error
            raise LedgerError(f"the ledger {self.place}: {error}") from error

    def _locked(self) -> LedgerLockedError:
        return LedgerLockedError(
            f"the ledger {self.place} is kept busy by another process (waited "
            f"{self._timeout_s:g} s); try again when it is done"
        )

    def _translated(self, error: sqlite3.Error) -> LedgerError:
        """What one error of SQLite means to whoever uses the ledger."""
        # The low byte is the family; https://www.sqlite.org/rescode.html
        family = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if family in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return self._locked()
        if family in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return LedgerDamagedError(
                f"{self.place} is not a sound database ({error}); restore the ledger from its "
                "backup, or rebuild it from an offer"
            )
        if family == sqlite3.SQLITE_CONSTRAINT:
            return LedgerDamagedError(
                f"the ledger {self.place} refused what contradicts it ({error}); verify it with "
                "`coffre audit --ledger`"
            )
        return LedgerError(f"the ledger {self.place}: {error}; {self._next_step(family)}")

    def _next_step(self, family: int) -> str:
        """What to do about an error, as the end of a sentence."""
        folder = os.path.dirname(os.path.abspath(self.place))
        if family in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            if not os.path.isdir(folder):
                return f"the folder {folder} does not exist: make it, or correct the ledger's path"
            return f"check that this user may write the file and its folder {folder}"
        if family == sqlite3.SQLITE_FULL:
            return f"make room in {folder}"
        return "nothing was recorded"


@contextmanager
def _immediate(connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    """One write transaction: the right to write is taken at once, so it cannot fail half-way."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    """Settings that SQLite keeps per connection."""
    for setting in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",  # INSERT OR REPLACE asks the guards on DELETE as well
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        f"journal_size_limit = {LOG_BYTES_KEPT}",
        f"cache_size = -{_CACHE_KIB}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {setting}")


def claims_beside(path: str) -> Claims:
    """Claims on the references of one file, by the best locks that this kernel has."""
    if hasattr(fcntl, "F_OFD_SETLK"):
        from coffre.engine.ledger.filelocks import FileClaims

        return FileClaims(path)
    from coffre.engine.ledger.processlocks import ProcessClaims

    return ProcessClaims(path)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
