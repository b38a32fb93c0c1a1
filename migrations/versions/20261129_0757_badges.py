"""Badges have pictures, one for all of a course that look the same."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions
from tenancy import protect

revision: str = "0757"
down_revision: str | None = "0756"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "badge_pictures",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_badge_pictures")),
    )
    protect("badge_pictures", rights="SELECT, INSERT")
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION public_badge")
    op.drop_table("badge_pictures")
