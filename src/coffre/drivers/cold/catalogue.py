"""The catalogue: what the library holds and what it is asked for, in one SQLite file.

Real libraries keep a database of their tapes; ours is a transaction away from being right at
any moment. Files come first and rows after: **an object is visible when its row is**, a copy of
it counts when its row names it. What a process that died left is a file that no row names.

The journal is the classic one: between two transactions a connection holds no lock, so that a
process may fork, and be killed, whenever it likes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from coffre.contract import ParameterError

VERSION = 1
"""Schema that this code knows, as ``PRAGMA user_version``."""
_WAIT = 60.0
"""Seconds for which a transaction of another process is waited for."""

_SCHEMA = """
CREATE TABLE clock (ahead REAL NOT NULL, planned REAL NOT NULL);
INSERT INTO clock VALUES (0.0, 0.0);
CREATE TABLE tapes (
    number INTEGER PRIMARY KEY, used INTEGER NOT NULL DEFAULT 0, sticks INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE archives (
    id INTEGER PRIMARY KEY AUTOINCREMENT, tape INTEGER NOT NULL, size INTEGER
);
CREATE TABLE objects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL, container TEXT NOT NULL, identifier TEXT NOT NULL,
    size INTEGER NOT NULL, digest TEXT NOT NULL, record BLOB NOT NULL, arrived REAL NOT NULL,
    token TEXT, archive INTEGER, position INTEGER, damage TEXT,
    UNIQUE (tenant, container, identifier)
);
CREATE INDEX objects_on_disk ON objects (arrived) WHERE token IS NOT NULL;
CREATE INDEX objects_by_archive ON objects (archive);
CREATE INDEX objects_by_token ON objects (token) WHERE token IS NOT NULL;
CREATE TABLE requests (
    id TEXT PRIMARY KEY, total INTEGER NOT NULL, asked REAL NOT NULL,
    available_for REAL NOT NULL, ready REAL
);
CREATE TABLE wanted (
    request TEXT NOT NULL, object INTEGER NOT NULL, PRIMARY KEY (object, request)
) WITHOUT ROWID;
CREATE INDEX wanted_by_request ON wanted (request);
CREATE TABLE recalls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, object INTEGER NOT NULL UNIQUE, asked REAL NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0, drive INTEGER, done REAL
);
CREATE INDEX recalls_by_end ON recalls (done);
CREATE TABLE drives (
    number INTEGER PRIMARY KEY, tape INTEGER, free REAL NOT NULL DEFAULT 0,
    broken INTEGER NOT NULL DEFAULT 0
);
"""

Row = tuple[Any, ...]


class Catalogue:
    """An open catalogue; used by one thread at a time."""

    def __init__(self, path: str, *, flush: bool) -> None:
        """Open a catalogue that is there.

        Raises:
            ParameterError: it is of another schema.
            sqlite3.Error: it cannot be opened.
        """
        self._db = sqlite3.connect(
            f"file:{_quoted(path)}?mode=rw",
            uri=True,
            timeout=_WAIT,
            isolation_level=None,
            check_same_thread=False,  # lent from thread to thread, to one at a time
        )
        try:
            # EXTRA also flushes the folder once the journal is gone from it.
            self._db.execute(f"PRAGMA synchronous = {'EXTRA' if flush else 'OFF'}")
            _check_version(self._db, path)
        except BaseException:
            self._db.close()
            raise

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction: all that is done inside is true afterwards, or nothing is."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def one(self, query: str, *values: object) -> Row | None:
        """The first row of a query, or none."""
        rows = self.all(query, *values)
        return rows[0] if rows else None

    def all(self, query: str, *values: object) -> list[Row]:
        """Every row of a query, read to its end: an open one would keep writers waiting."""
        return self._db.execute(query, values).fetchall()

    def do(self, statement: str, *values: object) -> int:
        """Execute a statement that changes something; the number of rows it changed."""
        return self._db.execute(statement, values).rowcount

    def insert(self, statement: str, *values: object) -> int:
        """Execute an ``INSERT``; the number of the new row."""
        return self._db.execute(statement, values).lastrowid or 0

    def close(self) -> None:
        """Let the file go; closing twice is harmless."""
        self._db.close()


def make_catalogue(path: str) -> None:
    """Write an empty catalogue, at a path where nothing is; the caller makes it appear.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    database = sqlite3.connect(path)
    try:
        database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    finally:
        database.close()


def _check_version(database: sqlite3.Connection, path: str) -> None:
    (found,) = database.execute("PRAGMA user_version").fetchone()
    if found != VERSION:
        raise ParameterError(
            f"{path} has schema {found}, this coffre knows {VERSION}: upgrade coffre, "
            "or prepare another directory"
        )


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
