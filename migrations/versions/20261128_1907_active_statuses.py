"""An organization says which of its members are active: the others count in no roll-up and are left in peace."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0116"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTION = """
CREATE FUNCTION is_active_status(status text, active_statuses text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN active_statuses IS NULL
    OR EXISTS (SELECT FROM unnest(active_statuses) AS active WHERE lower(active) = lower(status))
"""


def upgrade() -> None:
    """The setting, and the one place that compares a status with it."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("organization_settings", sa.Column("active_statuses", postgresql.ARRAY(sa.Text())))
    op.execute(FUNCTION)


def downgrade() -> None:
    """As it was."""
    op.execute("DROP FUNCTION is_active_status(text, text[])")
    op.drop_column("organization_settings", "active_statuses")
