"""Administrators are told that a webhook was disabled; each mail is claimed once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0918"
down_revision: str | None = "0718"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATUSES = "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')"
CLAIM = ["organization_id", "subscription_id", "disabled_at", "user_id"]


def upgrade() -> None:
    """A table that older code does not know."""
    op.create_table(
        "webhook_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(STATUSES, name=op.f("ck_webhook_notices_status")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["webhook_subscriptions.id"],
            name=op.f("fk_webhook_notices_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_notices")),
    )
    op.create_index("uq_webhook_notices_claim", "webhook_notices", CLAIM, unique=True)
    protect("webhook_notices")


def downgrade() -> None:
    """As before."""
    op.drop_table("webhook_notices")
