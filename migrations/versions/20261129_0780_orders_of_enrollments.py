"""Lists of enrollments in the order of their due times and assignments have their indexes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0721"
down_revision: str | None = "0762"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DUE_AT = sa.text("(CASE WHEN (due_at IS NULL) THEN 'infinity'::timestamptz ELSE due_at END)")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently("ix_enrollments_due_order", "enrollments", ["organization_id", DUE_AT, "id"])
        create_concurrently(
            "ix_enrollments_assigned", "enrollments", ["organization_id", "assigned_at", "id"]
        )
        # Members of an audience are looked up by it, so it stays the newest of all.
        op.execute("REINDEX INDEX CONCURRENTLY ix_enrollments_member")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in ("ix_enrollments_assigned", "ix_enrollments_due_order"):
            drop_concurrently(name, "enrollments")
