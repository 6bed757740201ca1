"""The embedded ledger: one SQLite file, shared by the threads and processes of one machine.

What is relied on (https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html):

- ``journal_mode=WAL``: readers never wait for a writer. It needs memory shared between the
  processes, so the file must be on a local disk; PostgreSQL is for several machines.
- ``synchronous=FULL``: a commit waits for the device.
- Writers of this process line up on a lock. SQLite would have them poll with growing pauses,
  which is right between processes and wasteful between threads.
- A connection forgets the pages it knows when another one has written. One connection writes
  for this process, and answers short questions too while nobody writes; the others read.

Every object takes this path twice, so its blocks are plain classes: a generator for each layer
cost as much as two statements.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from coffre.contract import Clock
from coffre.engine.ledger.claims import Claims
from coffre.engine.ledger.database import Compiler, Database, Transaction
from coffre.engine.ledger.errors import LedgerError
from coffre.engine.ledger.sqlitefile import SqliteFile


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
        self.claims = claims_beside(path)
        self._file = SqliteFile(path, busy_timeout_s)
        self._lock = threading.Lock()
        """Held by whoever uses the recorder."""
        # For administering alone: it is slow to lend, and opens a connection each time.
        self._engine = create_engine("sqlite://", creator=self._file.connect, poolclass=NullPool)
        self._compiler = Compiler(self._engine.dialect)
        self._readers: list[_Session] = []
        """Those that nobody uses."""
        self._closed = False
        with self._translating():
            self._file.use_write_ahead_log(clock)
            self._recorder = self._connect()

    def reading(self, *, brief: bool = False) -> _Block:
        """See :meth:`Database.reading`."""
        return _Block(self, self._lend_any if brief else self._lend_reader, "BEGIN")

    def writing(self) -> _Block:
        """See :meth:`Database.writing`."""
        # The right to write is taken at once, so that it is not refused half-way.
        return _Block(self, self._lend_recorder, "BEGIN IMMEDIATE")

    @contextmanager
    def administering(self) -> Iterator[Connection]:
        """See :meth:`Database.administering`."""
        session = self._lend_recorder()
        try:
            with self._translating(), self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        finally:
            self.give_back(session)

    def close(self) -> None:
        """See :meth:`Database.close`. The last to leave folds the write-ahead log in."""
        self._closed = True
        while self._readers:
            self._readers.pop().connection.close()
        self._recorder.connection.close()

    def give_back(self, session: _Session) -> None:
        """Take back what a block was lent; it is in no transaction."""
        if session is self._recorder:
            self._lock.release()
        elif self._closed:
            session.connection.close()
        else:
            self._readers.append(session)

    def translated(self, error: sqlite3.Error) -> LedgerError:
        """What one error of SQLite means to whoever uses the ledger."""
        return self._file.translated(error)

    def _lend_recorder(self) -> _Session:
        """Wait for the other writers of this process."""
        if not self._lock.acquire(timeout=self._file.timeout_s):
            raise self._file.locked()
        return self._recorder

    def _lend_any(self) -> _Session:
        """The recorder, which knows what it wrote last, unless it is in use."""
        return self._recorder if self._lock.acquire(blocking=False) else self._lend_reader()

    def _lend_reader(self) -> _Session:
        try:
            return self._readers.pop()
        except IndexError:
            with self._translating():
                return self._connect()

    def _connect(self) -> _Session:
        if self._closed:
            raise LedgerError(f"the ledger {self.place} was closed; open it again")
        return _Session(self._file.connect(), self._compiler)

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Let no error of the database library out of this room."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.translated(error) from error
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error):
                raise self.translated(error.orig) from error
            raise LedgerError(f"the ledger {self.place}: {error}") from error


class _Session:
    """One connection and the one cursor that is used on it."""

    __slots__ = ("connection", "execute", "transaction")

    def __init__(self, connection: sqlite3.Connection, compiler: Compiler) -> None:
        cursor = connection.cursor()
        self.connection = connection
        self.execute = cursor.execute
        self.transaction = Transaction(cursor, compiler)


class _Block:
    """One transaction on a session that is ours until it ends."""

    __slots__ = ("_begin", "_database", "_lend", "_session")

    def __init__(
        self, database: EmbeddedDatabase, lend: Callable[[], _Session], begin: str
    ) -> None:
        self._database = database
        self._lend = lend
        self._begin = begin

    def __enter__(self) -> Transaction:
        self._session = session = self._lend()
        try:
            session.execute(self._begin)
        except BaseException as error:
            self._fail(error)
            raise
        return session.transaction

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._fail(error)
            return
        try:
            self._session.execute("COMMIT")
        except BaseException as failure:
            self._fail(failure)
            raise
        self._database.give_back(self._session)

    def _fail(self, error: BaseException) -> None:
        """Roll back; raises, in the place of an error of SQLite, what it means."""
        try:
            with suppress(sqlite3.Error):  # the first error is the one to report
                self._session.connection.rollback()
        finally:
            self._database.give_back(self._session)
        if isinstance(error, sqlite3.Error):
            raise self._database.translated(error) from error


def claims_beside(path: str) -> Claims:
    """Claims on the references of one file, by the best locks that this kernel has."""
    if hasattr(fcntl, "F_OFD_SETLK"):
        from coffre.engine.ledger.filelocks import FileClaims

        return FileClaims(path)
    from coffre.engine.ledger.processlocks import ProcessClaims

    return ProcessClaims(path)
