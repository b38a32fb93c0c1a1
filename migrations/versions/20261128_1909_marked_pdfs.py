"""What is stored is looked up by its hash, marked PDFs as well."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0119"
down_revision: str | None = "0219"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME = "ix_certificates_marked_sha256"


def upgrade() -> None:
    """Beside readers and writers."""
    with op.get_context().autocommit_block():
        create_concurrently(
            NAME, "certificates", ["marked_sha256"], postgresql_where=sa.text("marked_sha256 IS NOT NULL")
        )


def downgrade() -> None:
    """As before."""
    with op.get_context().autocommit_block():
        drop_concurrently(NAME, "certificates")
