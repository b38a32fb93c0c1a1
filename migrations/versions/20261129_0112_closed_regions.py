"""Regions are closed, and opened again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0713"
down_revision: str | None = "0712"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("regions", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("regions", "closed_at")
