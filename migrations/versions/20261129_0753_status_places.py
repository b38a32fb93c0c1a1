"""Places of status lists are given once; certificates without one, and those to be listed, are found by an index."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0753"
down_revision: str | None = "0754"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

UNLISTED = (
    "listed_at IS NULL AND (revoked_at IS NOT NULL OR reissued_as IS NOT NULL OR renewed_by IS NOT NULL"
    " OR recipient_name IS NULL)"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently(
            "uq_certificate_organizations_status_place",
            "certificate_organizations",
            ["status_place"],
            unique=True,
        )
        create_concurrently(
            "ix_certificate_organizations_unplaced",
            "certificate_organizations",
            ["id"],
            postgresql_where=sa.text("status_place IS NULL"),
        )
        create_concurrently(
            "ix_certificates_unlisted",
            "certificates",
            ["organization_id", "id"],
            postgresql_where=sa.text(UNLISTED),
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently("ix_certificates_unlisted", "certificates")
        drop_concurrently("ix_certificate_organizations_unplaced", "certificate_organizations")
        drop_concurrently("uq_certificate_organizations_status_place", "certificate_organizations")
