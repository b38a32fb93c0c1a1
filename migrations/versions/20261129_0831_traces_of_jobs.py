"""A job knows the trace that it was queued in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0831"
down_revision: str | None = "0871"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("traceparent", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "traceparent")
