"""Statistics of large quizzes are kept for a while, because making them reads every attempt."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from tenancy import protect

revision: str = "0762"
down_revision: str | None = "0772"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "kept_statistics",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("statistics", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "quiz_id"],
            ["quizzes.organization_id", "quizzes.id"],
            name=op.f("fk_kept_statistics_quiz_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "quiz_id", name=op.f("pk_kept_statistics")),
    )
    protect("kept_statistics")


def downgrade() -> None:
    op.drop_table("kept_statistics")
