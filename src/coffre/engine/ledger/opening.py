"""Opening a ledger: find the database, and see that its schema is ours.

An up-to-date ledger costs one query. alembic, slow to import, is loaded only to upgrade an
older one; a new one is made from :mod:`~coffre.engine.ledger.schema` directly.
"""

from __future__ import annotations

import os
import uuid
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, inspect, make_url, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError

from coffre.contract import Clock, as_text
from coffre.engine.ledger import schema
from coffre.engine.ledger.chain import GENESIS, canonical_event, canonical_json, link, storable
from coffre.engine.ledger.database import Database
from coffre.engine.ledger.errors import (
    LedgerDamagedError,
    LedgerError,
    LedgerUnavailableError,
    LedgerVersionError,
)
from coffre.engine.ledger.records import EventKind

_REVISION = select(schema.version.c.version_num)
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(
    url: str, *, author: str, clock: Clock, create: bool, busy_timeout_s: float
) -> Database:
    """Open the database at a URL, with the schema of this version in it.

    Args:
        url: ``sqlite:///path`` (or the path alone), or ``postgresql://user@host/database``.
        author: who is named in the first event of a ledger made here.
        clock: where the time comes from.
        create: make the ledger when there is none.
        busy_timeout_s: how long to wait for other writers, in seconds.

    Raises:
        LedgerError: it cannot be opened, or there is none and ``create`` is false.
        LedgerVersionError: written by a newer coffre; nothing was changed.
        LedgerDamagedError: the database holds something else.
        LedgerLockedError: another process keeps it.
    """
    database = _connect(_parse(url), clock=clock, create=create, busy_timeout_s=busy_timeout_s)
    try:
        if not _is_current(database):
            with database.administering() as connection:
                _settle_schema(
                    connection, database.place, author=author, now=clock.now(), create=create
                )
    except BaseException:
        database.close()
        raise
    return database


def _parse(url: str) -> URL:
    """Read a URL; a plain path is an embedded ledger."""
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        # Not chained: the library's message repeats the URL, and its password with it.
        raise LedgerError(
            "the ledger's URL cannot be read; write sqlite:///path or postgresql://user@host/name"
        ) from None


def _connect(url: URL, *, clock: Clock, create: bool, busy_timeout_s: float) -> Database:
    """The kind of database that the URL asks for."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        from coffre.engine.ledger.embedded import EmbeddedDatabase

        path = url.database
        if not path or path == ":memory:":
            raise LedgerError("an embedded ledger needs a file: write sqlite:///path")
        _check_file(path, create=create)
        return EmbeddedDatabase(path, busy_timeout_s=busy_timeout_s, clock=clock)
    if backend == "postgresql":
        from coffre.engine.ledger.server import ServerDatabase

        return ServerDatabase(url, busy_timeout_s=busy_timeout_s)
    raise LedgerError(f"a ledger on {backend} is not supported; use sqlite or postgresql")


def _check_file(path: str, *, create: bool) -> None:
    """Say what is wrong with a path before SQLite says less clearly the same."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise LedgerError(
            f"the ledger {path} cannot be opened: the folder {folder} does not exist; make it, "
            "or correct the ledger's path"
        )
    if os.path.isdir(path):
        raise LedgerError(f"the ledger {path} is a folder; give the path of a file")
    if not create and not os.path.exists(path):
        raise _no_ledger(path)


def _is_current(database: Database) -> bool:
    """Whether the ledger is there with the schema of this version: one query, no lock."""
    try:
        with database.reading() as transaction:
            row = transaction.row(_REVISION)
    except LedgerUnavailableError:
        raise
    except LedgerError:
        # No such table, most likely; looking closer says what it is.
        return False
    return row is not None and row[0] == schema.HEAD


def _no_ledger(place: str) -> LedgerError:
    return LedgerError(
        f"there is no ledger at {place}; correct the path, or make one by storing an object"
    )


def _settle_schema(
    connection: Connection, place: str, *, author: str, now: datetime, create: bool
) -> None:
    """Make, accept, upgrade or refuse what the database holds."""
    tables = set(inspect(connection).get_table_names())
    if schema.version.name in tables:
        revision = connection.execute(_REVISION).scalar()
        if revision != schema.HEAD:
            _upgrade(connection, place, revision)
    elif tables:
        raise LedgerDamagedError(
            f"{place} is a database of something else (it holds {', '.join(sorted(tables)[:3])}); "
            "give the ledger a place of its own"
        )
    elif create:
        schema.metadata.create_all(connection)
        connection.execute(schema.version.insert(), {"version_num": schema.HEAD})
        _write_first_event(connection, storable(author), now)
    else:
        raise _no_ledger(place)


def _upgrade(connection: Connection, place: str, revision: str | None) -> None:
    """Bring an older schema to this version's, in the transaction that is open."""
    if revision not in schema.KNOWN_REVISIONS:
        raise LedgerVersionError(
            f"the ledger {place} has schema {revision}, which this version of coffre does not "
            f"know (it knows up to {schema.HEAD}); upgrade coffre and open it again: nothing "
            "was changed"
        )
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, schema.HEAD)
    except CommandError as error:
        raise LedgerError(
            f"the ledger {place} could not be upgraded ({error}); it was left as it was: "
            "install coffre again"
        ) from error


def _write_first_event(connection: Connection, author: str, now: datetime) -> None:
    """Event number 1 names the ledger, so that no two have a log that begins alike."""
    at, kind = as_text(now), EventKind.LEDGER_CREATED.value
    body = canonical_json({"ledger": str(uuid.uuid4()), "revision": schema.HEAD})
    digest = link(GENESIS, canonical_event(1, at, kind, author, None, None, body))
    connection.execute(
        schema.events.insert(),
        {
            "seq": 1,
            "at": at,
            "kind": kind,
            "author": author,
            "ref": None,
            "object_id": None,
            "body": body,
            "previous": GENESIS,
            "digest": digest,
        },
    )
    connection.execute(schema.head.insert(), {"one": 1, "seq": 1, "digest": digest})
