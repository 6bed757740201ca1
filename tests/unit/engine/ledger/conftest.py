"""Ledgers to test: SQLite always, PostgreSQL when ``COFFRE_TEST_POSTGRESQL`` names a database."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coffre.engine.ledger import Ledger
from coffre.testing import FakeClock

POSTGRESQL = os.environ.get("COFFRE_TEST_POSTGRESQL", "")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2024, 5, 1, 12, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def embedded(path: Path, clock: FakeClock) -> Iterator[Ledger]:
    """A ledger in one file, for what is SQLite's own."""
    with Ledger.open(str(path), author="tester", clock=clock) as ledger:
        yield ledger


@pytest.fixture
def server_url() -> Iterator[str]:
    """A schema of our own on the PostgreSQL server, dropped at the end."""
    if not POSTGRESQL:
        pytest.skip("COFFRE_TEST_POSTGRESQL does not name a database to test with")
    import psycopg

    schema = f"coffre_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as server:
        server.execute(f"CREATE SCHEMA {schema}")
        try:
            sign = "&" if "?" in POSTGRESQL else "?"
            yield f"{POSTGRESQL}{sign}options=-csearch_path%3D{schema}"
        finally:
            server.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"])
def url(request: pytest.FixtureRequest, path: Path) -> str:
    """Where a fresh ledger can be made, and opened several times."""
    if request.param == "sqlite":
        return f"sqlite:///{path}"
    found: str = request.getfixturevalue("server_url")
    return found


@pytest.fixture
def ledger(url: str, clock: FakeClock) -> Iterator[Ledger]:
    with Ledger.open(url, author="tester", clock=clock) as ledger:
        yield ledger
