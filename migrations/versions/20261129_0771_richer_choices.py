"""Choices of rich text, with feedback, pinned; accents and punctuation that do not matter."""

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
    op.add_column("questions", sa.Column("ignore_accents", sa.Boolean(), nullable=True))
    op.add_column("questions", sa.Column("ignore_punctuation", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("questions", "ignore_punctuation")
    op.drop_column("questions", "ignore_accents")
    for name in ("pinned", "feedback_html", "html"):
        op.drop_column("quiz_answers", name)
