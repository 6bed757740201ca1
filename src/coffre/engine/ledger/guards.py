"""Triggers that hold the laws inside the database, against our own mistakes and a stray SQL.

- An event is never changed or removed.
- What was fixed when an object was deposited never changes (law 1): reference, size, digest.
- An object's row is never removed, and one that is no longer stored never comes back.

SQLite's ``INSERT OR REPLACE`` removes rows without asking these triggers, unless the connection
has ``recursive_triggers`` on. Ours have. A trigger on each insert would hold for strangers too,
at 2.4 us per object; what strangers do is found by verifying the ledger.
"""

from __future__ import annotations

from sqlalchemy import DDL, MetaData, event

_FIXED = (
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
_EVENTS = "the event log is append only"
_OBJECTS = "what was fixed at deposit never changes"
_TOMBSTONES = "an object that is no longer stored stays so, and no row is removed"

SQLITE_GUARDS = (
    f"""CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, '{_EVENTS}'); END""",
    f"""CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, '{_EVENTS}'); END""",
    f"""CREATE TRIGGER objects_are_not_changed BEFORE UPDATE OF {", ".join(_FIXED)} ON objects
    BEGIN SELECT RAISE(ABORT, '{_OBJECTS}'); END""",
    f"""CREATE TRIGGER objects_do_not_return BEFORE UPDATE OF state ON objects
    WHEN OLD.state <> 'stored'
    BEGIN SELECT RAISE(ABORT, '{_TOMBSTONES}'); END""",
    f"""CREATE TRIGGER objects_are_not_removed BEFORE DELETE ON objects
    BEGIN SELECT RAISE(ABORT, '{_TOMBSTONES}'); END""",
)

_CHANGED = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _FIXED)

POSTGRESQL_GUARDS = (
    f"""CREATE FUNCTION coffre_keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{_EVENTS}' USING ERRCODE = 'restrict_violation'; END $$""",
    f"""CREATE FUNCTION coffre_keep_objects() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'UPDATE' THEN
            RAISE EXCEPTION '{_TOMBSTONES}' USING ERRCODE = 'restrict_violation';
        END IF;
        IF {_CHANGED} THEN
            RAISE EXCEPTION '{_OBJECTS}' USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.state <> 'stored' AND NEW.state IS DISTINCT FROM OLD.state THEN
            RAISE EXCEPTION '{_TOMBSTONES}' USING ERRCODE = 'restrict_violation';
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


def add_guards(metadata: MetaData) -> None:
    """Have the triggers made whenever the tables are, in the dialect of the database."""
    for dialect, statements in (("sqlite", SQLITE_GUARDS), ("postgresql", POSTGRESQL_GUARDS)):
        for statement in statements:
            # DDL() formats its text with %, which no statement here holds.
            trigger: DDL = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", trigger)
