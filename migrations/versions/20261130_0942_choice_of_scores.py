"""An organization says whether certificates tell the score."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0942"
down_revision: str | None = "0931"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "organization_settings",
        sa.Column("score_on_certificates", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("organization_settings", "score_on_certificates")
