"""A quiz may draw its questions: a pool is a row of its own, and its questions name it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0811"
down_revision: str | None = "0810"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("questions", sa.Column("pool", sa.Text(), nullable=True))
    op.add_column("questions", sa.Column("draw", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("questions", "draw")
    op.drop_column("questions", "pool")
