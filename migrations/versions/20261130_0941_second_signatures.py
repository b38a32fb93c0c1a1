"""A certificate keeps the second signatory of its day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0941"
down_revision: str | None = "0940"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEY = "second_signature_key"
COLUMNS = ("second_signatory_name", "second_signatory_title", KEY)


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("certificates", sa.Column(name, sa.Text(), nullable=True))
    with op.get_context().autocommit_block():
        create_concurrently(
            f"ix_certificates_{KEY}", "certificates", [KEY], postgresql_where=sa.text(f"{KEY} IS NOT NULL")
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently(f"ix_certificates_{KEY}", "certificates")
    for name in COLUMNS:
        op.drop_column("certificates", name)
