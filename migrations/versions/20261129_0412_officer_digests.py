"""Officers get a mail each week of who is overdue and who lapses next."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0744"
down_revision: str | None = "0743"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATUSES = "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')"


def upgrade() -> None:
    op.create_table(
        "officer_digests",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(STATUSES, name=op.f("ck_officer_digests_status")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_officer_digests_organization_id")
        ),
    )
    op.create_index(
        "uq_officer_digests_week", "officer_digests", ["organization_id", "week", "user_id"], unique=True
    )
    # Last: while statistics do not know the organization, the planner takes the newest index that begins with it.
    op.create_primary_key(op.f("pk_officer_digests"), "officer_digests", ["organization_id", "id"])
    protect("officer_digests")


def downgrade() -> None:
    op.drop_table("officer_digests")
