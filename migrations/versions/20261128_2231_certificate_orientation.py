"""Certificates keep whether they lie or stand, frozen with them.

Rows from before say nothing: they lie, as their PDFs do. A database that has the column already, from the day when
0518 made both, is left with it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0818"
down_revision: str | None = "0520"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE, NAME = "certificates", "ck_certificates_orientation"


def upgrade() -> None:
    """A column that older code leaves alone; the check holds for what is written from now on."""
    op.add_column(TABLE, sa.Column("orientation", sa.Text(), nullable=True), if_not_exists=True)
    op.drop_constraint(op.f(NAME), TABLE, type_="check", if_exists=True)
    op.create_check_constraint(
        op.f(NAME), TABLE, "orientation IN ('landscape', 'portrait')", postgresql_not_valid=True
    )


def downgrade() -> None:
    """As before."""
    op.drop_column(TABLE, "orientation")
