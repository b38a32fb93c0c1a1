"""A version may invite learners who are at an older one to move to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0911"
down_revision: str | None = "0902"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "course_versions", sa.Column("invites", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("course_versions", "invites")
