"""A scheduled rule may fire each year."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0830"
down_revision: str | None = "0811"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("assignment_rules", sa.Column("repeat", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("assignment_rules", "repeat")
