"""Contract: the same bytes are one document of an author, no longer of an organization; hidden slides are a choice.

An older API that still runs refuses uploads from here on (its way to find the same bytes needs the dropped
constraint) until it is replaced; everything else it does goes on.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0121"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


OLD, NEW = "uq_documents_organization_id_sha256", "uq_documents_upload"


def upgrade() -> None:
    """The new index first, so that never two uploads make two documents."""
    op.add_column(
        "documents", sa.Column("hidden_slides", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("documents", sa.Column("file_size", sa.BigInteger(), nullable=True))
    with op.get_context().autocommit_block():
        columns = ["organization_id", "uploaded_by", "sha256", "hidden_slides"]
        create_concurrently(NEW, "documents", columns, unique=True)
    op.execute(f"ALTER TABLE documents DROP CONSTRAINT IF EXISTS {OLD}")


def downgrade() -> None:
    """As it was; fails where two authors have sent the same bytes."""
    op.create_unique_constraint(OLD, "documents", ["organization_id", "sha256"])
    with op.get_context().autocommit_block():
        drop_concurrently(NEW, "documents")
    op.drop_column("documents", "file_size")
    op.drop_column("documents", "hidden_slides")
