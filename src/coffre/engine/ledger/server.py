"""The ledger on PostgreSQL, for several machines working on the same holdings.

Writers line up on the one row of ``head`` (``SELECT ... FOR UPDATE``), which is what keeps the
events gap-free: a sequence of PostgreSQL leaves a hole for each transaction that fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import URL, Table, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from coffre.engine.ledger.database import Compiler, Database, Row, Transaction, Values
from coffre.engine.ledger.errors import (
    LedgerDamagedError,
    LedgerError,
    LedgerLockedError,
    LedgerUnavailableError,
)
from coffre.engine.ledger.schema import for_postgresql
from coffre.engine.ledger.sessionlocks import SessionClaims

if TYPE_CHECKING:
    import psycopg

_SCHEMA_LOCK = 0x636F6672_02
"""Number of an advisory lock: arbitrary, but the same in every process."""
_COPY_FROM_ROWS = 8
"""From so many rows on, COPY is quicker than inserts."""


for_postgresql()


class ServerTransaction(Transaction):
    """A transaction that sends many new rows as one stream."""

    def insert(self, table: Table, rows: Sequence[Values]) -> None:
        """See :meth:`Transaction.insert`. Many rows go by COPY: one round trip."""
        if len(rows) < _COPY_FROM_ROWS:
            super().insert(table, rows)
            return
        columns = ", ".join(column.name for column in table.columns)
        cursor = cast("psycopg.Cursor[Row]", self._cursor)
        with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


class ServerDatabase(Database):
    """One database of a PostgreSQL server, reached with psycopg 3."""

    def __init__(self, url: URL, *, busy_timeout_s: float, pool_size: int = 8) -> None:
        """Prepare; nothing is sent before the first block.

        Args:
            url: where, ``postgresql://user:password@host/database``.
            busy_timeout_s: how long to wait for other writers, in seconds.
            pool_size: connections kept open at most; more are opened and closed as needed.

        Raises:
            LedgerError: the psycopg package is not installed.
        """
        self.place = f"{url.host or 'localhost'}/{url.database or ''}"
        self._timeout_s = busy_timeout_s
        try:
            self._engine = create_engine(
                url.set(drivername="postgresql+psycopg"),
                paramstyle="format",
                pool_size=pool_size,
                max_overflow=-1,
                pool_pre_ping=True,
                pool_reset_on_return=None,
                connect_args={"connect_timeout": max(2, int(busy_timeout_s))},
            )
        except ImportError as error:
            raise LedgerError(
                "a ledger on PostgreSQL needs psycopg: install coffre[postgresql]"
            ) from error
        except SQLAlchemyError as error:
            raise LedgerError(f"the ledger's URL cannot be used: {error}") from error
        event.listen(self._engine, "connect", self._set_up)
        self._compiler = Compiler(self._engine.dialect)
        self.claims = SessionClaims(self._engine.raw_connection, self._translating)

    @contextmanager
    def reading(self, *, brief: bool = False) -> Iterator[Transaction]:
        """See :meth:`Database.reading`."""
        with self._block("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """See :meth:`Database.writing`."""
        # READ COMMITTED: what is read once the head is ours is what the last writer left.
        with self._block("BEGIN ISOLATION LEVEL READ COMMITTED") as transaction:
            yield transaction

    @contextmanager
    def administering(self) -> Iterator[Connection]:
        """See :meth:`Database.administering`."""
        with self._translating(), self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
            yield connection

    def close(self) -> None:
        """See :meth:`Database.close`."""
        self._engine.dispose()

    @contextmanager
    def _block(self, *opening: str) -> Iterator[Transaction]:
        """One transaction, begun with these statements, on a connection of the pool."""
        with self._translating():
            pooled = self._engine.raw_connection()
            try:
                cursor: psycopg.Cursor[Any] = pooled.cursor()  # type: ignore[assignment]
                try:
                    for statement in opening:
                        cursor.execute(statement)
                    yield ServerTransaction(cursor, self._compiler)
                    cursor.execute("COMMIT")
                except BaseException:
                    _roll_back(pooled)
                    raise
                cursor.close()
            finally:
                pooled.close()

    def _set_up(self, connection: psycopg.Connection[Any], _record: object) -> None:
        """Settings of a session, made before it is used."""
        # Transactions begin and end where we say, with their isolation level in the same breath.
        connection.autocommit = True
        connection.execute(
            "SELECT set_config('lock_timeout', %s, false), set_config('timezone', 'UTC', false)",
            (f"{int(self._timeout_s * 1000)}ms",),
        )
        # A machine that dies says no goodbye: its claims would stand for two hours.
        connection.execute(
            "SELECT set_config('tcp_keepalives_idle', '30', false),"
            " set_config('tcp_keepalives_interval', '10', false),"
            " set_config('tcp_keepalives_count', '3', false)"
        )
        # An acknowledgement must wait for the device, whatever the server's default.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') = 'off'"
        )

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Let no error of the database library out of this room."""
        driver_error: type[Exception] = self._engine.dialect.loaded_dbapi.Error
        try:
            yield
        except driver_error as error:
            raise self._translated(error) from error
        except DBAPIError as error:
            raise self._translated(error.orig or error) from error

    def _translated(self, error: BaseException) -> LedgerError:
        """What one error of PostgreSQL means to whoever uses the ledger.

        Source: PostgreSQL documentation, appendix A, error codes.
        """
        code = getattr(error, "sqlstate", None) or ""
        reason = str(error).strip().partition("\n")[0]
        if code == "55P03":
            return LedgerLockedError(
                f"the ledger {self.place} is kept busy by another process (waited "
                f"{self._timeout_s:g} s); try again when it is done"
            )
        if code.startswith("23"):
            return LedgerDamagedError(
                f"the ledger {self.place} refused what contradicts it ({reason}); verify it with "
                "`coffre audit --ledger`"
            )
        if code == "" or code.startswith(("08", "57P")):
            return LedgerUnavailableError(
                f"the ledger {self.place} cannot be reached ({reason}); check that its database "
                "server is running and that the URL is right"
            )
        return LedgerError(f"the ledger {self.place}: {reason}; nothing was recorded")


def _roll_back(pooled: Any) -> None:  # noqa: ANN401 - SQLAlchemy's fairy has no public type
    """End a failed transaction; a connection on which that fails is thrown away."""
    try:
        pooled.driver_connection.execute("ROLLBACK")
    except Exception:  # noqa: BLE001 - the first error is the one to report
        pooled.invalidate()
