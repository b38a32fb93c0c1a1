"""Certificates of before have a short code, and a code names one certificate."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0751"
down_revision: str | None = "0750"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROWS = 10_000
"""Given a code at once: each batch commits by itself, so that issuing waits for none of them."""
BATCH = sa.text("""
WITH batch AS (
    SELECT id FROM certificate_organizations WHERE id > CAST(CAST(:after AS text) AS uuid)
    ORDER BY id LIMIT :rows
), given AS (
    UPDATE certificate_organizations o SET code = DEFAULT FROM batch
    WHERE o.id = batch.id AND o.code IS NULL
)
SELECT max(CAST(id AS text)) FROM batch
""")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        after: str | None = "00000000-0000-0000-0000-000000000000"
        while after is not None:
            after = op.get_bind().scalar(BATCH, {"after": after, "rows": ROWS})
        create_concurrently(
            "uq_certificate_organizations_code", "certificate_organizations", ["code"], unique=True
        )
        op.execute(
            "ALTER TABLE certificate_organizations VALIDATE CONSTRAINT ck_certificate_organizations_code"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently("uq_certificate_organizations_code", "certificate_organizations")
