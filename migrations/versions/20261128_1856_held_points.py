"""What a pass was earned with before a correction took it: it counts until a person has decided."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0117"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """The column; its check is validated in the next step."""
    op.add_column("quiz_progress", sa.Column("held_points", sa.Numeric(), nullable=True))
    op.create_check_constraint(
        op.f("ck_quiz_progress_held_points"),
        "quiz_progress",
        "held_points >= 0 AND held_points <= best_points",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    """Without it."""
    op.drop_column("quiz_progress", "held_points")
