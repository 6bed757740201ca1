"""Probes of offers are events: an index that finds the few of them among all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PROBES = sa.text("kind = 'offer-probed'")


def upgrade() -> None:
    op.create_index(
        "events_of_probes", "events", ["seq"], sqlite_where=PROBES, postgresql_where=PROBES
    )
