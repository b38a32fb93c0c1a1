"""An exemption that comes to its end is looked at once: the programs of its member ask for the course again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0926"
down_revision: str | None = "0892"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("exemptions", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_exemptions_end",
            "exemptions",
            ["organization_id", "expires_at"],
            postgresql_where=sa.text("ended_at IS NULL AND settled_at IS NULL AND expires_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_exemptions_end", table_name="exemptions")
    op.drop_column("exemptions", "settled_at")
