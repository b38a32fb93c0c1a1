"""A certificate keeps the signature and the seal of its day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0886"
down_revision: str | None = "0885"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = ("signature_key", "seal_key")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("certificates", sa.Column(name, sa.Text(), nullable=True))
    with op.get_context().autocommit_block():
        for name in COLUMNS:
            create_concurrently(
                f"ix_certificates_{name}",
                "certificates",
                [name],
                postgresql_where=sa.text(f"{name} IS NOT NULL"),
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in COLUMNS:
            drop_concurrently(f"ix_certificates_{name}", "certificates")
    for name in COLUMNS:
        op.drop_column("certificates", name)
