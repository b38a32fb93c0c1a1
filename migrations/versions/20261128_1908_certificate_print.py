"""Certificates are printed in a language and on a paper that are frozen with them, and can be marked as not in force.

Rows from before have neither: they stay English on A4, as their PDFs are.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0219"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PAPERS = "paper IN ('a4', 'letter')"
MARKED = "marked_as IN ('revoked', 'superseded')"


def upgrade() -> None:
    """Columns that older code leaves alone; the checks hold for what is written from now on."""
    for name in ("locale", "paper", "marked_sha256", "marked_as"):
        op.add_column("certificates", sa.Column(name, sa.Text(), nullable=True))
    for name, condition in (("paper", PAPERS), ("marked_as", MARKED)):
        op.create_check_constraint(
            op.f(f"ck_certificates_{name}"), "certificates", condition, postgresql_not_valid=True
        )


def downgrade() -> None:
    """As before."""
    for name in ("marked_as", "marked_sha256", "paper", "locale"):
        op.drop_column("certificates", name)
