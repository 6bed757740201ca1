from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from coffre.contract import SYSTEM_CLOCK
from coffre.engine.ledger import Ledger, LedgerError, opening, schema
from tests.unit.engine.ledger.support import codes, deposit, stranger


def described(connection: Connection) -> dict[str, object]:
    """Everything that the database says of its tables."""
    look = inspect(connection)
    tables = sorted(look.get_table_names())
    described: dict[str, object] = {}
    for table in tables:
        columns = look.get_columns(table)
        described[table] = (
            [{**column, "type": str(column["type"])} for column in columns],
            look.get_pk_constraint(table)["constrained_columns"],
            sorted(map(_spelled, look.get_indexes(table))),
            sorted(map(str, look.get_foreign_keys(table))),
            sorted(str(check["sqltext"]) for check in look.get_check_constraints(table)),
        )
    return described


def _spelled(index: Mapping[str, object]) -> str:
    options = index.get("dialect_options")
    assert isinstance(options, dict)
    return str({**index, "dialect_options": {name: str(v) for name, v in options.items()}})


def triggers(connection: Connection) -> list[tuple[object, ...]]:
    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
        "postgresql": "SELECT trigger_name, event_manipulation, action_timing, action_statement"
        " FROM information_schema.triggers WHERE trigger_schema = current_schema()"
        " ORDER BY 1, 2",
    }[connection.dialect.name]
    return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_the_scripts_build_what_the_schema_says(
    url: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "KNOWN_REVISIONS", (None, "0001", "0002"))
    database = opening._connect(
        opening._parse(url), clock=SYSTEM_CLOCK, create=True, busy_timeout_s=5
    )
    try:
        with database.administering() as connection:
            opening._upgrade(connection, "here", None)
            built = described(connection), triggers(connection)
            schema.metadata.drop_all(connection)
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("DROP FUNCTION coffre_keep_events, coffre_keep_objects")
            schema.metadata.create_all(connection)
            wanted = described(connection), triggers(connection)
    finally:
        database.close()

    assert built == wanted


def test_an_older_ledger_is_upgraded_by_opening_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With one script more, as a later version would bring one."""
    with Ledger.open(str(path), author="tester") as ledger:
        ledger.record_deposits([deposit("a")])
    migrations = tmp_path / "migrations"
    (migrations / "versions").mkdir(parents=True)
    ours = Path(opening.__file__).parent / "migrations"
    for name in (
        "env.py",
        "script.py.mako",
        "versions/r0001_first_schema.py",
        "versions/r0002_probes.py",
    ):
        (migrations / name).write_text((ours / name).read_text())
    (migrations / "versions" / "r0003_notes.py").write_text(
        "from alembic import op\n"
        "import sqlalchemy as sa\n"
        "revision, down_revision = '0003', '0002'\n"
        "def upgrade():\n"
        "    op.add_column('jobs', sa.Column('note', sa.Text))\n"
    )
    monkeypatch.setattr(opening, "_MIGRATIONS", migrations)
    monkeypatch.setattr(schema, "HEAD", "0003")

    with Ledger.open(str(path), author="tester") as ledger:
        assert codes(ledger) == []

    with stranger(path) as connection:
        assert connection.execute("SELECT note FROM jobs").fetchall() == []
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [("0003",)]


def test_an_upgrade_that_fails_leaves_the_ledger_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Ledger.open(str(path), author="tester").close()
    before = path.read_bytes()
    monkeypatch.setattr(opening, "_MIGRATIONS", tmp_path / "nowhere")
    monkeypatch.setattr(schema, "HEAD", "0003")

    with pytest.raises(LedgerError, match="could not be upgraded"):
        Ledger.open(str(path), author="tester")

    assert path.read_bytes() == before
