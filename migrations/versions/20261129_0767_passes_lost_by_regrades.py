"""A pass can come into doubt by a regrade, which no single response stands for."""

from collections.abc import Sequence

from alembic import op

revision: str = "0767"
down_revision: str | None = "0766"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.alter_column("lost_passes", "response_id", nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM lost_passes WHERE response_id IS NULL")
    op.alter_column("lost_passes", "response_id", nullable=False)
