"""An organization's national administrators are found without reading all of its members."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0718"
down_revision: str | None = "0618"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME, TABLE = "ix_members_national_admins", "members"
NATIONAL = sa.text("""offices @> '[{"role": "national_admin"}]'::jsonb""")


def upgrade() -> None:
    """Beside the members' readers and writers."""
    with op.get_context().autocommit_block():
        create_concurrently(NAME, TABLE, ["organization_id", "user_id"], postgresql_where=NATIONAL)


def downgrade() -> None:
    """Without it."""
    with op.get_context().autocommit_block():
        drop_concurrently(NAME, TABLE)
