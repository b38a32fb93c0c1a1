"""A pool may draw from a bank, and questions may have tags."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0813"
down_revision: str | None = "0812"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("questions", sa.Column("bank_id", sa.Uuid(), nullable=True))
    op.add_column("questions", sa.Column("tag", sa.Text(), nullable=True))
    op.add_column("questions", sa.Column("tags", JSONB(), nullable=True))
    with op.get_context().autocommit_block():
        create_concurrently(
            "ix_questions_bank_id",
            "questions",
            ["organization_id", "bank_id"],
            postgresql_where=sa.text("bank_id IS NOT NULL"),
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently("ix_questions_bank_id", "questions")
    for name in ("tags", "tag", "bank_id"):
        op.drop_column("questions", name)
