"""An installation has a key that signs PDFs."""

from collections.abc import Sequence

from alembic import op

revision: str = "0870"
down_revision: str | None = "0861"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "kind IN ('ed25519', 'rs256')"
NOW = "kind IN ('ed25519', 'rs256', 'pdf')"


def upgrade() -> None:
    _replace(NOW)


def downgrade() -> None:
    _replace(BEFORE)


def _replace(condition: str) -> None:
    op.drop_constraint(op.f("ck_signing_keys_kind"), "signing_keys")
    op.create_check_constraint(
        op.f("ck_signing_keys_kind"), "signing_keys", condition, postgresql_not_valid=True
    )
