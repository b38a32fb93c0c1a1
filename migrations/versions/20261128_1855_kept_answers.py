"""Kept answers remember by which roles the call was made; large ones are kept compressed.

Older code writes neither, and reads no answer that newer code has packed: it gives an empty one again.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0215"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Two columns that may be empty."""
    op.add_column("idempotency_answers", sa.Column("packed", sa.LargeBinary(), nullable=True))
    op.add_column("idempotency_answers", sa.Column("authority", sa.ARRAY(sa.Text()), nullable=True))


def downgrade() -> None:
    """As it was."""
    op.drop_column("idempotency_answers", "authority")
    op.drop_column("idempotency_answers", "packed")
