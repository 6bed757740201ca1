"""A database as the ledger uses it: two kinds of transaction, claims, and errors of our own.

Statements are written once with SQLAlchemy Core, compiled once per database, and run on the
driver's own cursor with plain tuples. Measured on 256 deposits, Core's own execution costs
16 us more per object than the inserts themselves; for a single deposit it doubles the cost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from itertools import chain
from typing import Any, Protocol

from sqlalchemy import ClauseElement, Insert, Table, bindparam, insert
from sqlalchemy.engine import Connection, Dialect

from coffre.engine.ledger.claims import Claims

Row = tuple[Any, ...]
"""One row, as the database driver gives it."""
Values = Sequence[object]
"""Values of a statement's parameters, in the order in which they stand in its SQL."""


_ROWS_AT_ONCE = (64, 16, 4, 2, 1)
"""Numbers of rows for which an insert is prepared."""


class Cursor(Protocol):
    """What is used of a DB-API cursor (PEP 249)."""

    @property
    def rowcount(self) -> int:
        """Rows touched by the last statement."""
        ...

    def execute(self, sql: str, parameters: Values = ..., /) -> object:
        """Run one statement."""
        ...

    def executemany(self, sql: str, rows: Sequence[Values], /) -> object:
        """Run one statement for each row of values."""
        ...

    def fetchone(self) -> Row | None:
        """The next row."""
        ...

    def fetchall(self) -> list[Row]:
        """The rows that are left."""
        ...


class Compiler:
    """Turns Core statements into SQL of one dialect, once each."""

    def __init__(self, dialect: Dialect) -> None:
        """For one dialect, with positional parameters."""
        self._dialect = dialect
        self._texts: dict[ClauseElement, str] = {}
        self._inserts: dict[tuple[str, int], str] = {}

    def sql(self, statement: ClauseElement) -> str:
        """The SQL of a statement; its parameters are positional.

        Raises:
            TypeError: a constant slipped into the statement as a parameter, for which no
                value would be given; write it as SQL, or as a ``bindparam``.
        """
        text = self._texts.get(statement)
        if text is None:
            compiled = statement.compile(dialect=self._dialect)
            constants = [n for n, bind in compiled.binds.items() if not bind.required]  # type: ignore[attr-defined]
            if constants:
                raise TypeError(f"constants among the parameters: {constants}")
            text = self._texts[statement] = str(compiled)
        return text

    def insert(self, table: Table, length: int) -> str:
        """The SQL that adds so many rows: that of one, whose values are written again and again.

        To compile it as one statement takes longer than to run it: 47 ms for 64 rows of the
        three tables of a deposit, in each process that stores a batch.
        """
        text = self._inserts.get((table.name, length))
        if text is None:
            start, values = self.sql(_insert_of_row(table)).split(" VALUES ")
            rows = ", ".join([values] * length)
            text = self._inserts[table.name, length] = f"{start} VALUES {rows}"
        return text


class Transaction:
    """One open transaction; not to be kept once its block is left."""

    __slots__ = ("_compiler", "_cursor")

    def __init__(self, cursor: Cursor, compiler: Compiler) -> None:
        """Work on a cursor whose transaction was begun; ending it is the database's part."""
        self._cursor = cursor
        self._compiler = compiler

    def run(self, statement: ClauseElement, values: Values = ()) -> int:
        """Run one statement; the number of rows it touched."""
        self._cursor.execute(self._compiler.sql(statement), values)
        return self._cursor.rowcount

    def insert(self, table: Table, rows: Sequence[Values]) -> None:
        """Add rows to a table, their values in the order of its columns; none for no rows.

        Many rows go with one statement: for 256 deposits, that is a third less to do.
        """
        start, left = 0, len(rows)
        while left:
            length = 1 if left == 1 else next(n for n in _ROWS_AT_ONCE if n <= left)
            values = [*chain.from_iterable(rows[start : start + length])]
            self._cursor.execute(self._compiler.insert(table, length), values)
            start, left = start + length, left - length

    def run_each(self, statement: ClauseElement, rows: Sequence[Values]) -> None:
        """Run one statement for each row of values; none at all for no rows."""
        if rows:
            self._cursor.executemany(self._compiler.sql(statement), rows)

    def row(self, statement: ClauseElement, values: Values = ()) -> Row | None:
        """The first row of a query, ``None`` when it has none."""
        self._cursor.execute(self._compiler.sql(statement), values)
        return self._cursor.fetchone()

    def rows(self, statement: ClauseElement, values: Values = ()) -> list[Row]:
        """All rows of a query; queries without a bound are read page by page."""
        self._cursor.execute(self._compiler.sql(statement), values)
        return self._cursor.fetchall()


@cache
def _insert_of_row(table: Table) -> Insert:
    return insert(table).values({column.name: bindparam(column.name) for column in table.columns})


class Database(ABC):
    """Where a ledger is kept. Safe to use from several threads, in several processes."""

    place: str
    """How to name it in messages: a path, or a host and a database. Never a password."""
    claims: Claims
    """Who is storing what right now; kept beside the tables, not in them."""

    @abstractmethod
    def reading(self, *, brief: bool = False) -> AbstractContextManager[Transaction]:
        """A block that sees one moment of the ledger and changes nothing.

        Args:
            brief: the block asks a question or two and does nothing else, so that a writer of
                this process may be made to wait for it.
        """

    @abstractmethod
    def writing(self) -> AbstractContextManager[Transaction]:
        """A block committed as a whole when it is left, and on stable storage by then.

        When the block or the commit fails, nothing was written (except where
        :class:`LedgerUnavailableError` says that it is unknown). Blocks follow one another,
        between processes too.
        """

    @abstractmethod
    def administering(self) -> AbstractContextManager[Connection]:
        """A block with SQLAlchemy's own connection, alone, to make or upgrade the schema."""

    @abstractmethod
    def close(self) -> None:
        """Let go of every connection; calling it again does nothing."""
