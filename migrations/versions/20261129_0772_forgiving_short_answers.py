"""Short answers may pass over accents and punctuation."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0772"
down_revision: str | None = "0771"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("questions", sa.Column("ignore_accents", sa.Boolean(), nullable=True))
    op.add_column("questions", sa.Column("ignore_punctuation", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("questions", "ignore_punctuation")
    op.drop_column("questions", "ignore_accents")
