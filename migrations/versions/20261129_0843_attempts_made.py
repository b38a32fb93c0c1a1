"""What was asked of counts of attempts holds of the old rows, too."""

from collections.abc import Sequence

from alembic import op

revision: str = "0843"
down_revision: str | None = "0842"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE quiz_progress VALIDATE CONSTRAINT ck_quiz_progress_attempts_made")


def downgrade() -> None:
    """Nothing to take back."""
