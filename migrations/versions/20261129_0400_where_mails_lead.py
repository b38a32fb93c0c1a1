"""An organization says where its mails lead, when it tells of overdue learning, and whether officers get digests."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0741"
down_revision: str | None = "0703"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("organization_settings", sa.Column("frontend_url", sa.Text(), nullable=True))
    op.add_column(
        "organization_settings",
        sa.Column("overdue_days", postgresql.ARRAY(sa.Integer()), server_default="{1,7,14}", nullable=False),
    )
    op.add_column(
        "organization_settings",
        sa.Column("officer_digest", sa.Text(), server_default="none", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_organization_settings_officer_digest"),
        "organization_settings",
        "officer_digest IN ('none', 'weekly')",
        postgresql_not_valid=True,
    )
    op.execute(
        "ALTER TABLE organization_settings VALIDATE CONSTRAINT ck_organization_settings_officer_digest"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_organization_settings_officer_digest"), "organization_settings")
    for column in ("officer_digest", "overdue_days", "frontend_url"):
        op.drop_column("organization_settings", column)
