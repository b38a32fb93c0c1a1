"""An enrollment may have more attempts than its own limit: those that its member needs come on top."""

from collections.abc import Sequence

from alembic import op

revision: str = "0842"
down_revision: str | None = "0841"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_quiz_progress_attempts_used"), "quiz_progress", type_="check")
    op.create_check_constraint(
        op.f("ck_quiz_progress_attempts_made"),
        "quiz_progress",
        "attempts_used >= 0",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.create_check_constraint(
        op.f("ck_quiz_progress_attempts_used"),
        "quiz_progress",
        "attempts_used >= 0 AND attempts_used <= attempts_allowed",
        postgresql_not_valid=True,
    )
    op.drop_constraint(op.f("ck_quiz_progress_attempts_made"), "quiz_progress", type_="check")
