"""Every key is of one of the kinds."""

from collections.abc import Sequence

from alembic import op

revision: str = "0871"
down_revision: str | None = "0870"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE signing_keys VALIDATE CONSTRAINT ck_signing_keys_kind")


def downgrade() -> None:
    pass
