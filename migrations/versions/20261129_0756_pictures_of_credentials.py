"""A credential says which picture its badge is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0756"
down_revision: str | None = "0755"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("certificate_credentials", sa.Column("picture_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("certificate_credentials", "picture_id")
