"""A quiz may say how long to wait between attempts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0810"
down_revision: str | None = "0764"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("quizzes", sa.Column("retry_delay_seconds", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("quizzes", "retry_delay_seconds")
