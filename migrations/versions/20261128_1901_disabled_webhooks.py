"""Why a webhook is disabled, and since when its receiver fails; the checks of the step before are validated."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0120"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "webhook_subscriptions"
REASON = "disabled_reason IS NULL OR disabled_at IS NOT NULL AND disabled_reason IN ('gone', 'failing')"


def upgrade() -> None:
    """Older code leaves both empty; whatever it disables answered 410."""
    op.add_column(TABLE, sa.Column("disabled_reason", sa.Text(), nullable=True))
    op.add_column(TABLE, sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_webhook_subscriptions_disabled_reason"), TABLE, REASON, postgresql_not_valid=True
    )
    op.execute(f"UPDATE {TABLE} SET disabled_reason = 'gone' WHERE disabled_at IS NOT NULL")
    for name in ("kind", "due_at", "status"):
        op.execute(f"ALTER TABLE reminders VALIDATE CONSTRAINT ck_reminders_{name}")


def downgrade() -> None:
    """As it was."""
    op.drop_constraint(op.f("ck_webhook_subscriptions_disabled_reason"), TABLE, type_="check")
    op.drop_column(TABLE, "failing_since")
    op.drop_column(TABLE, "disabled_reason")
