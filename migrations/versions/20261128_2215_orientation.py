"""Certificates lie or stand, as the organization wishes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0518"
down_revision: str | None = "0517"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE, NAME = "organization_settings", "ck_organization_settings_orientation"


def upgrade() -> None:
    """A column that older code leaves alone; the check holds for what is written from now on."""
    op.add_column(TABLE, sa.Column("orientation", sa.Text(), nullable=False, server_default="landscape"))
    op.create_check_constraint(
        op.f(NAME), TABLE, "orientation IN ('landscape', 'portrait')", postgresql_not_valid=True
    )


def downgrade() -> None:
    """As before."""
    op.drop_column(TABLE, "orientation")
