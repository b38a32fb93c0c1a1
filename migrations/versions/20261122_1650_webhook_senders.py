"""One job at a time sends for a webhook, in batches, instead of one job for each delivery.

With a dead receiver the jobs of all its deliveries came due together, again and again.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PENDING = "ix_webhook_deliveries_pending"
# What waits keeps its sender: the old jobs give way to one for each webhook.
HAND_OVER = """
WITH gone AS (
    DELETE FROM outbox WHERE queue = 'webhooks' AND job = 'deliver_webhook' AND status = 'queued'
), waiting AS (
    SELECT DISTINCT s.id, s.organization_id FROM webhook_subscriptions s
    JOIN webhook_deliveries d ON d.subscription_id = s.id AND d.status = 'pending'
), made AS (
    INSERT INTO outbox (id, organization_id, queue, job, arguments, as_of, status, attempt, run_at, created_at)
    SELECT gen_random_uuid(), organization_id, 'webhooks', 'deliver_webhooks', jsonb_build_object('webhook_id', id),
        now(), 'queued', 0, now(), now()
    FROM waiting RETURNING id, (arguments->>'webhook_id')::uuid AS webhook_id
)
UPDATE webhook_subscriptions s SET sender_id = made.id FROM made WHERE made.webhook_id = s.id
"""


def upgrade() -> None:
    op.add_column("webhook_subscriptions", sa.Column("sender_id", sa.Uuid(), nullable=True))
    op.add_column(
        "webhook_subscriptions", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    )
    op.drop_index(PENDING, table_name="webhook_deliveries")
    op.create_index(
        PENDING,
        "webhook_deliveries",
        ["subscription_id", "next_attempt_at", "id"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.execute(HAND_OVER)


def downgrade() -> None:
    op.drop_index(PENDING, table_name="webhook_deliveries")
    op.create_index(
        PENDING, "webhook_deliveries", ["subscription_id"], postgresql_where=sa.text("status = 'pending'")
    )
    op.drop_column("webhook_subscriptions", "failures")
    op.drop_column("webhook_subscriptions", "sender_id")
