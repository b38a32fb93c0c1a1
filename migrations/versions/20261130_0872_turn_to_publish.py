"""Until when a worker has the turn to hand an organization's events on, so that no transaction waits for that."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0872"
down_revision: str | None = "0881"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("event_feeds", sa.Column("publishing_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("event_feeds", "publishing_until")
