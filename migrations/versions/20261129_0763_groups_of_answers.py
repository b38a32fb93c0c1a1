"""Answers that read alike are one group, graded by one grade, which later ones get at once."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions
from tenancy import protect

revision: str = "0763"
down_revision: str | None = "0753"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261129_0200_hot_reads.sql")


def upgrade() -> None:
    op.add_column("pending_responses", sa.Column("group_id", sa.Uuid(), nullable=True))
    op.add_column("pending_responses", sa.Column("normal", sa.Text(), nullable=True))
    op.create_table(
        "group_grades",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Numeric(), nullable=False),
        sa.Column("feedback_html", sa.Text(), nullable=True),
        sa.Column("graded_by", sa.Text(), nullable=False),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points >= 0 AND points <= 1000000", name=op.f("ck_group_grades_points")),
        sa.ForeignKeyConstraint(
            ["organization_id", "question_id"],
            ["questions.organization_id", "questions.id"],
            name=op.f("fk_group_grades_question_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_group_grades")),
    )
    op.create_index("ix_group_grades_question_id", "group_grades", ["question_id"])
    protect("group_grades")
    # What waits already is a group of one, until it is graded.
    op.execute(
        "UPDATE pending_responses SET group_id = id, normal = left(lower(text), 200) WHERE graded_at IS NULL"
    )
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE, "close_attempt")
    op.drop_table("group_grades")
    op.drop_column("pending_responses", "normal")
    op.drop_column("pending_responses", "group_id")
