"""Certificates lie or stand, as the organization wishes, frozen with each.

Rows from before have no orientation: they stay landscape, as their PDFs are.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0518"
down_revision: str | None = "0517"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ORIENTATIONS = "orientation IN ('landscape', 'portrait')"
TABLES = ("organization_settings", "certificates")


def upgrade() -> None:
    """Columns that older code leaves alone; the checks hold for what is written from now on."""
    op.add_column(
        "organization_settings",
        sa.Column("orientation", sa.Text(), nullable=False, server_default="landscape"),
    )
    op.add_column("certificates", sa.Column("orientation", sa.Text(), nullable=True))
    for table in TABLES:
        op.create_check_constraint(
            op.f(f"ck_{table}_orientation"), table, ORIENTATIONS, postgresql_not_valid=True
        )


def downgrade() -> None:
    """As before."""
    for table in TABLES:
        op.drop_column(table, "orientation")
