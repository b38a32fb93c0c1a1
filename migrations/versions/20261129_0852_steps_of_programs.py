"""A version of a program holds its steps."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0852"
down_revision: str | None = "0851"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("course_versions", sa.Column("program", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("course_versions", "program")
