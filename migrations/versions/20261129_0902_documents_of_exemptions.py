"""An exemption may have a document that says why."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0902"
down_revision: str | None = "0901"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("exemptions", sa.Column("document_id", sa.Uuid(), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_exemptions_document",
            "exemptions",
            ["organization_id", "document_id"],
            postgresql_where=sa.text("document_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_exemptions_document", table_name="exemptions")
    op.drop_column("exemptions", "document_id")
