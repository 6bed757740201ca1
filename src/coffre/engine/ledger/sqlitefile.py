"""One SQLite file: how it is opened, and what its errors mean to whoever uses the ledger."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from coffre.contract import Clock
from coffre.engine.ledger.errors import LedgerDamagedError, LedgerError, LedgerLockedError

CHECKPOINT_PAGES = 1000
"""Pages (4 KiB each) in the write-ahead log before it is folded into the database.

SQLite's own number. Until then each commit makes the log longer, which the device has to be told
as well; afterwards the same bytes are written over, and a commit takes 280 us instead of 430."""
LOG_BYTES_KEPT = 64 * 1024 * 1024
"""The write-ahead log is reused, not cut: writing over what is there spares the device the
update of the file's length on each commit."""
_CACHE_KIB = 16 * 1024
_RETRY_PAUSE_S = 0.02
_SETTINGS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # INSERT OR REPLACE asks the guards on DELETE as well
    f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
    f"journal_size_limit = {LOG_BYTES_KEPT}",
    f"cache_size = -{_CACHE_KIB}",
    "temp_store = MEMORY",
)
"""What SQLite keeps per connection (https://www.sqlite.org/pragma.html)."""


class SqliteFile:
    """Opens connections to one file, and translates its errors."""

    def __init__(self, path: str, timeout_s: float) -> None:
        """Name the file; nothing is opened.

        Args:
            path: the file, as it is named in messages.
            timeout_s: how long to wait for other processes, in seconds.
        """
        self.place = path
        self.timeout_s = timeout_s
        self._path = os.path.abspath(path)

    def connect(self) -> sqlite3.Connection:
        """A connection of its own, with our settings. One thread at a time may use it.

        Raises:
            sqlite3.Error: it cannot be opened.
        """
        connection = sqlite3.connect(
            self._path,
            timeout=self.timeout_s,
            isolation_level=None,  # transactions begin and end where we say
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            for setting in _SETTINGS:
                connection.execute(f"PRAGMA {setting}")
        except BaseException:
            connection.close()
            raise
        return connection

    def use_write_ahead_log(self, clock: Clock) -> None:
        """Switch the file to its write-ahead log, once for its life; made if there is none.

        SQLite does not wait for others when it switches, so that is done here.

        Raises:
            LedgerError: its file system cannot hold the log.
            sqlite3.Error: it cannot be opened, or is kept busy.
        """
        deadline = clock.monotonic() + self.timeout_s
        while True:
            try:
                with closing(sqlite3.connect(self._path, timeout=self.timeout_s)) as connection:
                    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
                break
            except sqlite3.OperationalError as error:
                if _family(error) != sqlite3.SQLITE_BUSY or clock.monotonic() > deadline:
                    raise
                clock.sleep(_RETRY_PAUSE_S)
        if mode != "wal":
            raise LedgerError(
                f"the ledger {self.place} is on a file system that cannot hold it safely (no "
                "shared memory); put it on a local disk, or use PostgreSQL"
            )

    def locked(self) -> LedgerLockedError:
        """The error of whoever waited for as long as was allowed."""
        return LedgerLockedError(
            f"the ledger {self.place} is kept busy by another process (waited "
            f"{self.timeout_s:g} s); try again when it is done"
        )

    def translated(self, error: sqlite3.Error) -> LedgerError:
        """What one error of SQLite means to whoever uses the ledger."""
        family = _family(error)
        if family in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return self.locked()
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
        folder = os.path.dirname(self._path)
        if family in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            if not os.path.isdir(folder):
                return f"the folder {folder} does not exist: make it, or correct the ledger's path"
            return f"check that this user may write the file and its folder {folder}"
        if family == sqlite3.SQLITE_FULL:
            return f"make room in {folder}"
        return "nothing was recorded"


def _family(error: sqlite3.Error) -> int:
    """The low byte of an error's code; https://www.sqlite.org/rescode.html."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
