"""When a certificate took the place of another: a reissue keeps the day of issue.

Certificates that were reissued before this say the day of their reissue as that of their issue, as their PDFs do.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import API, WORKER

revision: str = "0317"
down_revision: str | None = "0217"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Beside the functions of before, which running code reads with all their columns.
ONE = """
CREATE FUNCTION public_certificate(wanted uuid) RETURNS TABLE (
    instant timestamptz, id uuid, recipient_name text, course_title text, issuer_name text, issued_at timestamptz,
    reissued_at timestamptz, expires_at timestamptz, revoked_at timestamptz, reissued_as uuid, renewed_by uuid,
    timezone text
) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT clock_timestamp(), c.id, c.recipient_name, c.course_title, c.issuer_name, c.issued_at,
        c.reissued_at, c.expires_at, c.revoked_at, c.reissued_as, c.renewed_by, c.timezone
    FROM public.certificates c WHERE c.id = wanted;
END $$
"""
MANY = """
CREATE FUNCTION public_certificates(ids uuid[]) RETURNS TABLE (
    id uuid, recipient_name text, course_title text, issuer_name text, issued_at timestamptz,
    reissued_at timestamptz, expires_at timestamptz, revoked_at timestamptz, reissued_as uuid, renewed_by uuid,
    timezone text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT c.id, c.recipient_name, c.course_title, c.issuer_name, c.issued_at, c.reissued_at,
           c.expires_at, c.revoked_at, c.reissued_as, c.renewed_by, c.timezone
    FROM public.certificates c WHERE c.id = ANY (ids)
$$
"""
SIGNATURES = ("public_certificate(uuid)", "public_certificates(uuid[])")


def upgrade() -> None:
    """The column, and what anyone may read."""
    op.execute("ALTER TABLE lost_passes VALIDATE CONSTRAINT ck_lost_passes_decision")
    op.add_column("certificates", sa.Column("reissued_at", sa.DateTime(timezone=True), nullable=True))
    for statement in (ONE, MANY):
        op.execute(statement)
    for signature in SIGNATURES:
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {API}, {WORKER}")


def downgrade() -> None:
    """Issued, and nothing more."""
    for signature in reversed(SIGNATURES):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_column("certificates", "reissued_at")
