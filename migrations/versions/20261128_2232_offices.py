"""Members have offices, which say who gets officers' mails; they give no rights."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0618"
down_revision: str | None = "0818"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Older code knows no offices: its PUT leaves them as they are."""
    op.add_column("members", sa.Column("offices", postgresql.JSONB(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """As before."""
    op.drop_column("members", "offices")
