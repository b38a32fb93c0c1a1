"""An organization says which roles may grant skills."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0122"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Older code goes on without it."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    roles: sa.Column[list[str]] = sa.Column(
        "skills_by", sa.ARRAY(sa.Text()), server_default="{national_admin,regional_admin}", nullable=False
    )
    op.add_column("organization_settings", roles)


def downgrade() -> None:
    """As it was."""
    op.drop_column("organization_settings", "skills_by")
