"""Contract: events are found by id and by place alone; two indexes less to write for each, twice.

Purging goes by the id, which is in the order of time, and nobody else asked for the time. Until an event is numbered
it has no place, and the index of places need not hold it (the row `assign`: 0.77 of its limit before, 0.85 after).
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The new index first, so that the feed is never without one."""
    with op.get_context().autocommit_block():
        # What a try that was interrupted left is not valid.
        op.drop_index("uq_events_numbered", "events", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            "uq_events_numbered",
            "events",
            ["organization_id", "position"],
            unique=True,
            postgresql_where=sa.text("position IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.drop_index("uq_events_position", "events", postgresql_concurrently=True, if_exists=True)
        op.drop_index("ix_events_at", "events", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    """As it was."""
    with op.get_context().autocommit_block():
        op.create_index("ix_events_at", "events", ["at"], postgresql_concurrently=True, if_not_exists=True)
        op.create_index(
            "uq_events_position",
            "events",
            ["organization_id", "position"],
            unique=True,
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.drop_index("uq_events_numbered", "events", postgresql_concurrently=True, if_exists=True)
