"""A file is found by its digest: the PDFs of certificates, those too that were made anew since."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions
from tenancy import protect

revision: str = "0755"
down_revision: str | None = "0767"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "former_pdfs",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "certificate_id"],
            ["certificates.organization_id", "certificates.id"],
            name=op.f("fk_former_pdfs_organization_id_certificate_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "certificate_id", "sha256", name=op.f("pk_former_pdfs")),
    )
    op.create_index("ix_former_pdfs_sha256", "former_pdfs", ["sha256"])
    protect("former_pdfs", rights="SELECT, INSERT, DELETE")
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION certificate_of_file")
    op.drop_table("former_pdfs")
