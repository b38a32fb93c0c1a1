"""How far each organization's feed has been published onward: null is from its beginning."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0945"
down_revision: str | None = "0887"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("event_feeds", sa.Column("published_position", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("event_feeds", "published_position")
