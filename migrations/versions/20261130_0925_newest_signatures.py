"""Administrators list signatures of attestations, newest first."""

from collections.abc import Sequence

from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0925"
down_revision: str | None = "0872"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX, TABLE = "ix_attestation_signatures_newest", "attestation_signatures"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently(
            INDEX, TABLE, ["organization_id", "signed_at", "enrollment_id", "key", "text_hash"]
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently(INDEX, TABLE)
