"""Certificates: revocation, reissue, halting, audits of the stored PDFs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import API, WORKER

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = (
    ("primary_color", sa.Text()),
    ("signatory_name", sa.Text()),
    ("signatory_title", sa.Text()),
    ("logo_key", sa.Text()),
    ("revocation_reason", sa.Text()),
    ("reissue_reason", sa.Text()),
    ("pdf_checked_at", sa.DateTime(timezone=True)),
    ("pdf_drift", sa.Text()),
)
REISSUED_AS = "fk_certificates_reissued_as"


def _point_to_the_next(**options: object) -> None:
    op.drop_constraint(REISSUED_AS, "certificates", type_="foreignkey")
    op.create_foreign_key(
        REISSUED_AS,
        "certificates",
        "certificates",
        ["reissued_as"],
        ["id"],
        **options,  # type: ignore[arg-type]
    )


def upgrade() -> None:
    for name, type_ in COLUMNS:
        op.add_column("certificates", sa.Column(name, type_, nullable=True))
    op.execute("UPDATE certificates SET pdf_checked_at = pdf_ready_at WHERE pdf_sha256 IS NOT NULL")
    op.create_check_constraint(
        op.f("ck_certificates_pdf_drift"), "certificates", "pdf_drift IN ('missing', 'changed')"
    )
    # The old certificate makes room for the new one of the same completion before that one is there.
    _point_to_the_next(deferrable=True, initially="DEFERRED")
    op.create_index("ix_certificates_issued", "certificates", ["organization_id", "issued_at", "id"])
    op.create_index("ix_certificates_renewed_by", "certificates", ["renewed_by"])
    op.create_index(
        "ix_certificates_checked",
        "certificates",
        ["pdf_checked_at", "id"],
        postgresql_where=sa.text("pdf_sha256 IS NOT NULL AND pdf_erased_at IS NULL"),
    )
    op.create_table(
        "job_halts",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("halted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_halts")),
    )
    op.execute(f"GRANT SELECT, INSERT, DELETE ON job_halts TO {WORKER}")
    op.execute(f"GRANT SELECT ON job_halts TO {API}")


def downgrade() -> None:
    op.drop_table("job_halts")
    op.drop_index("ix_certificates_checked", table_name="certificates")
    op.drop_index("ix_certificates_renewed_by", table_name="certificates")
    op.drop_index("ix_certificates_issued", table_name="certificates")
    _point_to_the_next()
    op.drop_constraint(op.f("ck_certificates_pdf_drift"), "certificates", type_="check")
    for name, _ in reversed(COLUMNS):
        op.drop_column("certificates", name)
