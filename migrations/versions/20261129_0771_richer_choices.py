"""Choices of rich text, with feedback, pinned."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0771"
down_revision: str | None = "0751"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("quiz_answers", sa.Column("html", sa.Text(), nullable=True))
    op.add_column("quiz_answers", sa.Column("feedback_html", sa.Text(), nullable=True))
    op.add_column(
        "quiz_answers", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )


def downgrade() -> None:
    for name in ("pinned", "feedback_html", "html"):
        op.drop_column("quiz_answers", name)
