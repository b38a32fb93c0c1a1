"""The answers of a group are found by an index."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0764"
down_revision: str | None = "0763"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently(
            "ix_pending_responses_groups",
            "pending_responses",
            ["group_id"],
            postgresql_where=sa.text("group_id IS NOT NULL"),
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently("ix_pending_responses_groups", "pending_responses")
