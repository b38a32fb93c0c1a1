"""Certificates say since when the status lists know that they are no longer in force."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0754"
down_revision: str | None = "0752"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("certificates", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("certificates", "listed_at")
