"""Uploaded documents, what refers to them, and the organization's logo."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import API, protect

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("original_key", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=True),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("converting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('converting', 'ready', 'failed')", name=op.f("ck_documents_status")),
        sa.CheckConstraint("(status = 'ready') = (file_key IS NOT NULL)", name=op.f("ck_documents_file_key")),
        sa.CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name=op.f("ck_documents_error")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_documents_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("organization_id", "sha256", name=op.f("uq_documents_organization_id_sha256")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_documents_organization_id_id")),
    )
    op.create_index("ix_documents_original_key", "documents", ["original_key"], unique=True)
    op.create_index("ix_documents_file_key", "documents", ["file_key"])
    op.create_index("ix_documents_touched_at", "documents", ["touched_at"])
    op.create_index(
        "ix_documents_converting",
        "documents",
        ["converting_since"],
        postgresql_where=sa.text("status = 'converting'"),
    )
    op.create_table(
        "document_references",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["course_versions.id"], name=op.f("fk_document_references_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "document_id"],
            ["documents.organization_id", "documents.id"],
            name="fk_document_references_document",
        ),
        sa.PrimaryKeyConstraint("version_id", "document_id", name=op.f("pk_document_references")),
    )
    op.create_index(
        "ix_document_references_document", "document_references", ["organization_id", "document_id"]
    )
    op.execute(
        "CREATE TRIGGER published_version_is_final BEFORE INSERT OR UPDATE OR DELETE ON document_references"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version()"
    )
    op.add_column("organization_settings", sa.Column("logo_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_organization_settings_logo",
        "organization_settings",
        "documents",
        ["organization_id", "logo_id"],
        ["organization_id", "id"],
    )
    op.create_index(
        "ix_certificates_logo_key",
        "certificates",
        ["logo_key"],
        postgresql_where=sa.text("logo_key IS NOT NULL"),
    )
    op.create_index(
        "ix_certificates_pdf_sha256",
        "certificates",
        ["pdf_sha256"],
        postgresql_where=sa.text("pdf_sha256 IS NOT NULL"),
    )
    for table in ("documents", "document_references"):
        protect(table)
    # Whether a converter is there is asked by /readyz.
    op.execute(f"GRANT SELECT ON workers TO {API}")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT ON workers FROM {API}")
    op.drop_index("ix_certificates_pdf_sha256", table_name="certificates")
    op.drop_index("ix_certificates_logo_key", table_name="certificates")
    op.drop_constraint("fk_organization_settings_logo", "organization_settings")
    op.drop_column("organization_settings", "logo_id")
    for table in ("document_references", "documents"):
        op.drop_table(table)
