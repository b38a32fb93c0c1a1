"""Members' statuses and chapters of an instant are read from an index alone, in the order of members and changes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0881"
down_revision: str | None = "0950"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently(
            "ix_member_changes_field",
            "member_changes",
            ["organization_id", "field", "user_id", "at", "id"],
            postgresql_include=["was", "value"],
            # A custom field's value may be larger than an entry of an index.
            postgresql_where=sa.text("field IN ('status', 'chapter_id')"),
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently("ix_member_changes_field", "member_changes")
