"""An entry of the audit trail says whom, which course and which enrollment it concerns.

Entries of before have none of these: the trail is never changed.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0731"
down_revision: str | None = "0918"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Columns that older code leaves out."""
    op.add_column("audit_entries", sa.Column("person", sa.Text(), nullable=True))
    op.add_column("audit_entries", sa.Column("course_id", sa.Uuid(), nullable=True))
    op.add_column("audit_entries", sa.Column("enrollment_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """As it was."""
    for column in ("enrollment_id", "course_id", "person"):
        op.drop_column("audit_entries", column)
