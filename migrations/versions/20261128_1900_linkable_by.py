"""A requirement says which roles may link a course to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0120"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Older code goes on without it: those who may today are the default."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    roles: sa.Column[list[str]] = sa.Column(
        "linkable_by", sa.ARRAY(sa.Text()), server_default="{national_admin,regional_admin}", nullable=False
    )
    op.add_column("compliance_requirements", roles)


def downgrade() -> None:
    """As it was."""
    op.drop_column("compliance_requirements", "linkable_by")
