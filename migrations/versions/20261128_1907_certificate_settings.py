"""Organizations choose the language and paper of certificates, and what becomes of the PDF of a revoked one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0116"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PAPERS = "paper IN ('a4', 'letter')"
REVOKED_PDF = "revoked_pdf IN ('mark', 'refuse')"


def upgrade() -> None:
    """Columns that older code leaves alone; the checks hold for what is written from now on."""
    op.add_column("organization_settings", sa.Column("locale", sa.Text(), nullable=True))
    op.add_column("organization_settings", sa.Column("paper", sa.Text(), nullable=False, server_default="a4"))
    op.add_column(
        "organization_settings", sa.Column("revoked_pdf", sa.Text(), nullable=False, server_default="mark")
    )
    for name, condition in (("paper", PAPERS), ("revoked_pdf", REVOKED_PDF)):
        op.create_check_constraint(
            op.f(f"ck_organization_settings_{name}"),
            "organization_settings",
            condition,
            postgresql_not_valid=True,
        )


def downgrade() -> None:
    """As before."""
    for name in ("revoked_pdf", "paper", "locale"):
        op.drop_column("organization_settings", name)
