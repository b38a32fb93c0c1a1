"""Credentials of before, which have no picture yet, are found by an index."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0758"
down_revision: str | None = "0757"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently(
            "ix_certificate_credentials_without_picture",
            "certificate_credentials",
            ["certificate_id"],
            postgresql_where=sa.text("picture_id IS NULL"),
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently("ix_certificate_credentials_without_picture", "certificate_credentials")
