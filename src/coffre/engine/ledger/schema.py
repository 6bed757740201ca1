"""Tables of the ledger, the same in SQLite and in PostgreSQL.

``events`` is the truth: append only, gap-free, chained. The other tables say what it comes to,
so that an object is found without reading the log; :mod:`~coffre.engine.ledger.verification`
compares both.

An object's id is the number of the event that deposited it. Ids are therefore never used
twice, a row and its event find each other without a column more, and whatever walks objects by
id walks them in the order of their deposit.

Text is compared bytewise in both databases: that is the order of every listing.

A change here is a new script in ``migrations/versions`` and a new :data:`HEAD`; a test holds
what the scripts build equal to what this module builds.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from coffre.engine.ledger.guards import add_guards

HEAD = "0002"
"""Revision of the schema that this version of coffre reads and writes."""
KNOWN_REVISIONS: Sequence[str] = ("0001", "0002")
"""Every revision that can be upgraded to :data:`HEAD`, oldest first."""

metadata = MetaData()

# PostgreSQL would otherwise sort by the rules of some language. SQLite's integers have eight
# bytes whatever they are called, but only INTEGER makes a key the row's own number.
BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer(), "sqlite")

version = Table(
    # Name and shape are alembic's.
    "alembic_version",
    metadata,
    Column("version_num", String(32), primary_key=True, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    Column("at", BYTEWISE, nullable=False),
    Column("kind", BYTEWISE, nullable=False),
    Column("author", BYTEWISE, nullable=False),
    Column("ref", BYTEWISE),
    Column("object_id", NUMBER),
    Column("body", BYTEWISE, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
Index(
    # The event that deposited an object has the object's number, and needs no index.
    "events_by_object",
    events.c.object_id,
    events.c.seq,
    sqlite_where=events.c.object_id != events.c.seq,
)
Index(
    # What was tried on each offer is read whenever offers are opened, and is a few events of many.
    "events_of_probes",
    events.c.seq,
    sqlite_where=text("kind = 'offer-probed'"),
    postgresql_where=text("kind = 'offer-probed'"),
)

head = Table(
    # One row: the end of the log. A log cut short no longer meets it, and on PostgreSQL
    # locking it is what puts writers in line.
    "head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1", name="head_is_one_row"), primary_key=True),
    Column("seq", NUMBER, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

objects = Table(
    "objects",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("tenant", Integer, nullable=False),
    Column("container", BYTEWISE, nullable=False),
    Column("identifier", BYTEWISE, nullable=False),
    Column("size", NUMBER, nullable=False),
    Column("algorithm", BYTEWISE, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("metadata", BYTEWISE, nullable=False),
    Column("strategy", BYTEWISE, nullable=False),
    Column("deposited_at", BYTEWISE, nullable=False),
    Column("state", BYTEWISE, nullable=False),
    CheckConstraint("size >= 0", name="objects_have_a_size"),
    CheckConstraint("state IN ('stored', 'replaced', 'deleted')", name="objects_state"),
)
_STORED = text("state = 'stored'")
_GONE = text("state <> 'stored'")
Index(
    "objects_stored",
    objects.c.tenant,
    objects.c.container,
    objects.c.identifier,
    unique=True,
    sqlite_where=_STORED,
)
Index(
    "objects_gone",
    objects.c.tenant,
    objects.c.container,
    objects.c.identifier,
    objects.c.id,
    sqlite_where=_GONE,
)

copies = Table(
    "copies",
    metadata,
    Column("object_id", NUMBER, ForeignKey("objects.id"), primary_key=True, autoincrement=False),
    Column("offer", BYTEWISE, primary_key=True),
    Column("state", BYTEWISE, nullable=False),
    Column("evidence", Integer, nullable=False),
    Column("checked_at", BYTEWISE, nullable=False),
    Column("detail", BYTEWISE, nullable=False),
    sqlite_with_rowid=False,
)

debts = Table(
    "debts",
    metadata,
    Column("object_id", NUMBER, ForeignKey("objects.id"), primary_key=True, autoincrement=False),
    Column("offer", BYTEWISE, primary_key=True),
    Column("kind", BYTEWISE, primary_key=True),
    Column("code", BYTEWISE, nullable=False),
    Column("since", BYTEWISE, nullable=False),
    Column("note", BYTEWISE, nullable=False),
    sqlite_with_rowid=False,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("kind", BYTEWISE, nullable=False),
    Column("scope", BYTEWISE, nullable=False),
    Column("cursor", NUMBER, nullable=False),
    Column("counts", BYTEWISE, nullable=False),
    Column("state", BYTEWISE, nullable=False),
    Column("started_at", BYTEWISE, nullable=False),
    Column("updated_at", BYTEWISE, nullable=False),
)

add_guards(metadata)


def for_postgresql() -> None:
    """Have partial indexes be so on PostgreSQL, too: to say it above would load its dialect.

    That is as slow to import as SQLAlchemy's whole pool, and an embedded ledger never needs it.
    """
    for table in metadata.tables.values():
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
