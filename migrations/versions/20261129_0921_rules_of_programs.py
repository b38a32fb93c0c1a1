"""A rule may count its due day from a member's field, and say what becomes of those who no longer match it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0921"
down_revision: str | None = "0920"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("assignment_rules", sa.Column("due_from", JSONB(), nullable=True))
    op.add_column(
        "assignment_rules", sa.Column("on_leaving", sa.Text(), server_default="keep", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_assignment_rules_on_leaving"),
        "assignment_rules",
        "on_leaving IN ('keep', 'pause', 'withdraw')",
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE assignment_rules VALIDATE CONSTRAINT ck_assignment_rules_on_leaving")


def downgrade() -> None:
    op.drop_column("assignment_rules", "on_leaving")
    op.drop_column("assignment_rules", "due_from")
