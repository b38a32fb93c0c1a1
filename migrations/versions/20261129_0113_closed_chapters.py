"""Chapters are closed, and opened again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0714"
down_revision: str | None = "0713"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("chapters", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("chapters", "closed_at")
