"""Question banks: questions that many courses draw from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from tenancy import protect

revision: str = "0812"
down_revision: str | None = "0758"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "question_banks",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "scope IN ('national', 'regional', 'chapter')", name=op.f("ck_question_banks_scope")
        ),
        sa.CheckConstraint(
            "(scope = 'national') = (scope_id IS NULL)", name=op.f("ck_question_banks_scope_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_question_banks_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_question_banks")),
    )
    op.create_table(
        "bank_questions",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("tags", ARRAY(sa.Text()), nullable=False),
        sa.Column("documents", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "bank_id"],
            ["question_banks.organization_id", "question_banks.id"],
            name=op.f("fk_bank_questions_bank_id"),
            ondelete="CASCADE",
        ),
    )
    # The primary key last: where statistics know nothing, the planner takes the newest index.
    op.create_index(
        "ix_bank_questions_position",
        "bank_questions",
        ["organization_id", "bank_id", "position"],
        unique=True,
    )
    op.create_primary_key("pk_bank_questions", "bank_questions", ["organization_id", "bank_id", "key"])
    protect("question_banks")
    protect("bank_questions")


def downgrade() -> None:
    op.drop_table("bank_questions")
    op.drop_table("question_banks")
