"""A requirement is for an audience, and is retired with the links of courses to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0715"
down_revision: str | None = "0714"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "compliance_requirements",
        sa.Column("audience_filter", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.add_column(
        "compliance_requirements", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "compliance_requirements", sa.Column("closed_links", postgresql.ARRAY(sa.Uuid()), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("compliance_requirements", "closed_links")
    op.drop_column("compliance_requirements", "closed_at")
    op.drop_column("compliance_requirements", "audience_filter")
