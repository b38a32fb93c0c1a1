"""A run remembers from which field of its members the due day comes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0922"
down_revision: str | None = "0921"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("assignment_runs", sa.Column("due_from", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("assignment_runs", "due_from")
