"""A member's last transcript as a PDF."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0916"
down_revision: str | None = "0880"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "transcript_pdfs",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("pdf_sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_transcript_pdfs_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_transcript_pdfs")),
    )
    op.create_index("ix_transcript_pdfs_pdf_sha256", "transcript_pdfs", ["pdf_sha256"])
    protect("transcript_pdfs")


def downgrade() -> None:
    op.drop_table("transcript_pdfs")
