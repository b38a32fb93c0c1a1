"""What a person decided about a pass in doubt, and why."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0217"
down_revision: str | None = "0117"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Who decided what; the reason is text about a person, and goes with their data."""
    op.execute("ALTER TABLE quiz_progress VALIDATE CONSTRAINT ck_quiz_progress_held_points")
    for name in ("decision", "decided_by", "reason"):
        op.add_column("lost_passes", sa.Column(name, sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_lost_passes_decision"),
        "lost_passes",
        "decision IN ('keep', 'revoke')",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    """Undecided."""
    for name in ("reason", "decided_by", "decision"):
        op.drop_column("lost_passes", name)
