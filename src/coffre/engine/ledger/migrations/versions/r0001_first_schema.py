"""The first schema of the ledger.

Kept as it was, whatever becomes of :mod:`coffre.engine.ledger.schema`: later scripts start
from here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

FIXED = (
    "id",
    "tenant",
    "container",
    "identifier",
    "size",
    "algorithm",
    "digest",
    "metadata",
    "deposited_at",
)
EVENTS = "the event log is append only"
OBJECTS = "what was fixed at deposit never changes"
TOMBSTONES = "an object that is no longer stored stays so, and no row is removed"
CHANGED = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FIXED)

SQLITE_GUARDS = (
    f"""CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, '{EVENTS}'); END""",
    f"""CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, '{EVENTS}'); END""",
    f"""CREATE TRIGGER objects_are_not_changed BEFORE UPDATE OF {", ".join(FIXED)} ON objects
    BEGIN SELECT RAISE(ABORT, '{OBJECTS}'); END""",
    f"""CREATE TRIGGER objects_do_not_return BEFORE UPDATE OF state ON objects
    WHEN OLD.state <> 'stored'
    BEGIN SELECT RAISE(ABORT, '{TOMBSTONES}'); END""",
    f"""CREATE TRIGGER objects_are_not_removed BEFORE DELETE ON objects
    BEGIN SELECT RAISE(ABORT, '{TOMBSTONES}'); END""",
)
POSTGRESQL_GUARDS = (
    f"""CREATE FUNCTION coffre_keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{EVENTS}' USING ERRCODE = 'restrict_violation'; END $$""",
    f"""CREATE FUNCTION coffre_keep_objects() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'UPDATE' THEN
            RAISE EXCEPTION '{TOMBSTONES}' USING ERRCODE = 'restrict_violation';
        END IF;
        IF {CHANGED} THEN
            RAISE EXCEPTION '{OBJECTS}' USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.state <> 'stored' AND NEW.state IS DISTINCT FROM OLD.state THEN
            RAISE EXCEPTION '{TOMBSTONES}' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION coffre_keep_events()""",
    """CREATE TRIGGER events_are_not_emptied BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION coffre_keep_events()""",
    """CREATE TRIGGER objects_are_kept BEFORE UPDATE OR DELETE ON objects
    FOR EACH ROW EXECUTE FUNCTION coffre_keep_objects()""",
    """CREATE TRIGGER objects_are_not_emptied BEFORE TRUNCATE ON objects
    FOR EACH STATEMENT EXECUTE FUNCTION coffre_keep_objects()""",
)


def upgrade() -> None:
    _log()
    _objects()
    _bookkeeping()
    guards = {"sqlite": SQLITE_GUARDS, "postgresql": POSTGRESQL_GUARDS}
    for statement in guards[op.get_bind().dialect.name]:
        op.execute(statement)


def _log() -> None:
    op.create_table(
        "events",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("ref", TEXT),
        sa.Column("object_id", NUMBER),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "events_by_object",
        "events",
        ["object_id", "seq"],
        sqlite_where=sa.text("object_id != seq"),
        postgresql_where=sa.text("object_id != seq"),
    )
    op.create_table(
        "head",
        sa.Column(
            "one",
            sa.Integer,
            sa.CheckConstraint("one = 1", name="head_is_one_row"),
            primary_key=True,
        ),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )


def _objects() -> None:
    op.create_table(
        "objects",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.Integer, nullable=False),
        sa.Column("container", TEXT, nullable=False),
        sa.Column("identifier", TEXT, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("algorithm", TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("metadata", TEXT, nullable=False),
        sa.Column("strategy", TEXT, nullable=False),
        sa.Column("deposited_at", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.CheckConstraint("size >= 0", name="objects_have_a_size"),
        sa.CheckConstraint("state IN ('stored', 'replaced', 'deleted')", name="objects_state"),
    )
    stored, gone = sa.text("state = 'stored'"), sa.text("state <> 'stored'")
    op.create_index(
        "objects_stored",
        "objects",
        ["tenant", "container", "identifier"],
        unique=True,
        sqlite_where=stored,
        postgresql_where=stored,
    )
    op.create_index(
        "objects_gone",
        "objects",
        ["tenant", "container", "identifier", "id"],
        sqlite_where=gone,
        postgresql_where=gone,
    )


def _bookkeeping() -> None:
    op.create_table(
        "copies",
        sa.Column(
            "object_id", NUMBER, sa.ForeignKey("objects.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("offer", TEXT, primary_key=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("evidence", sa.Integer, nullable=False),
        sa.Column("checked_at", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "debts",
        sa.Column(
            "object_id", NUMBER, sa.ForeignKey("objects.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("offer", TEXT, primary_key=True),
        sa.Column("kind", TEXT, primary_key=True),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "jobs",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("cursor", NUMBER, nullable=False),
        sa.Column("counts", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("started_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
    )
